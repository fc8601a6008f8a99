"""Words that follow the name of a credential in a message, where a value would stand in a file.

"authorization: acme: error 403" and "cannot fetch token: 401 Unauthorized" hold no secret, and
their words are the cause that a person looks for. The lists are closed: any other word is hidden.
"""

from __future__ import annotations

STATES = (
    r"absent denied disabled empty eof exceeded expired failed forbidden illegal incorrect invalid"
    r" malformed mismatch missing nil none null rejected required revoked timeout unauthenticated"
    r" unauthorized undefined unknown unset unspecified unsupported wrong"
).replace(" ", "|")
"""What is wrong with a credential. A message may end with it."""

BEGINNINGS = (
    # A sentence about the credential
    r"already and any are bad can cannot can't could couldn't did didn't does doesn't either had"
    r" has have into its must neither nor not only should than that the then there too unable was"
    r" were when while will with without would"
    r" ambiguous check duplicate environment expected found more multiple please see these this try"
    r" use wrong your"
    # What went wrong on the way to it
    r" access code connect connection context creating decode decoding deadline dial during error"
    r" errors exit fail failing failure fetch fetching finding getting i/o loading lookup open"
    r" parse parsing permission post problem rate read reading received request response"
    r" retrieving review"
    r" stat status timed unexpected unmarshal unreachable"
    r" authentication authorization converting updating validating verifying write writing"
    # What was looked for
    r" argument character entry field format get header item items key length line namespace"
    r" parameter path property provider resource size type"
    # The package or protocol whose error follows
    r" acme asn1 aws azure caa dns gcp grpc http https json jwt oauth2 order pem rpc tls urn x509"
    r" yaml"
).replace(" ", "|")
"""Words that begin a message, and have to be followed by more of it."""

NOUNS = "account|client|cluster|login|secret|server|signature|store|user|value|vault|version"
"""Words that are credentials themselves now and then: what follows must make them a subject."""

GOES_ON = r"[:,;)]{0,2} ++[^\s#]"
ENDS = r"[:.,;)\]}!]*(?=\s|$)"
SUBJECT = r" (?:is|was|has|does|did|not|cannot|could|message|returned|error|[\"'])"

PROSE = (
    rf"(?<=: )(?:(?:{STATES}){ENDS}|(?:{BEGINNINGS}){GOES_ON}|(?:{NOUNS}){SUBJECT}"
    # An HTTP status before its text, and a kind of error
    r"|bearer token (?=is |was |has )|aadsts\d{3,9}:|[1-5]\d\d (?=[a-z(])|invalid_[a-z]{1,20}\b"
    rf"|[a-z]{{1,60}}(?:exception|error|notfound|denied){ENDS}|urn:ietf:params:acme:error:"
    # A kind of objects, as the API server names them in its errors
    r"|[a-z][a-z.-]{2,80}+ \\*[\"'][^\"'\n]{1,253}[\"'] (?:not found|is forbidden|already exists)"
    # The name of a product, and what is said of it
    rf"|(?:(?<=\bonepassword: )|(?<=\b1password: ))[a-z]{{1,40}}{GOES_ON})"
)
"""Matches where a message goes on after `: ` in place of a value; to be used without case."""

SCHEME_WORDS = (
    r"(?:authenticat|authoris|authoriz|configur|connection|credential)[a-z]*(?!\.?[\w~+/=-])"
)
"""Long words that may follow "basic", "bearer" or "bot" in a message; to be used without case."""
