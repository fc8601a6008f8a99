"""Words that follow the name of a credential in a message, where a value would stand in a file.

"authorization: acme: error 403" and "cannot fetch token: 401 Unauthorized" hold no secret, and
their words are the cause that a person looks for. Every list is closed: any other word is hidden,
also one that only begins or ends like a word of a list.
"""

from __future__ import annotations

STATES = (
    r"absent denied disabled empty eof exceeded expired failed forbidden illegal incorrect invalid"
    r" malformed mismatch missing nil none null rejected required revoked timeout unauthenticated"
    r" unauthorized undefined unknown unset unspecified unsupported wrong"
    # Errors of OAuth 2.0 (RFC 6749 and 6750)
    r" access_denied insufficient_scope invalid_client invalid_grant invalid_request invalid_scope"
    r" invalid_token server_error temporarily_unavailable unauthorized_client"
    r" unsupported_grant_type unsupported_response_type"
    # Errors of cloud APIs and of programming languages
    r" accessdenied accessdeniedexception authorizationfailed connectionerror decryptionfailure"
    r" expiredtoken expiredtokenexception httperror internalservererror internalserviceerror"
    r" invalidaccesskeyid invalidclienttokenid invalidparameterexception invalidrequestexception"
    r" invalidsignatureexception jsondecodeerror keyerror nocredentialproviders"
    r" notauthorizedexception notfound parameternotfound permissionerror requesterror"
    r" resourcenotfoundexception runtimeerror secretnotfound secretsyncederror serializationerror"
    r" signaturedoesnotmatch sslerror throttlingexception timeouterror typeerror"
    r" unauthorizedexception unrecognizedclientexception validationerror validationexception"
    r" valueerror"
    r" aadsts\d{3,9} urn:ietf:params:acme:error:[a-z]{3,24}"
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
    r" stat status sync timed unexpected unmarshal unreachable"
    r" authentication authorization converting updating validating verifying write writing"
    # What was looked for
    r" argument character entry field format get header item items key length line namespace"
    r" parameter path property provider resource size type"
    # The package or protocol whose error follows
    r" acme asn1 aws azure caa dns gcp grpc http https json jwt oauth2 order pem rpc tls urn x509"
    r" yaml"
).replace(" ", "|")
"""Words that begin a message, and have to be followed by more of it."""

NOUNS = (
    r"account|bearer token|client|cluster|login|secret|server|signature|store|token|user|value"
    r"|vault|version"
)
"""Words that are credentials themselves now and then: what follows must make them a subject."""

KINDS = (
    r"certificate|certificaterequest|challenge|clusterissuer|clusterrole|clusterrolebinding"
    r"|clustersecretstore|configmap|externalsecret|issuer|namespace|order|pod|role|rolebinding"
    r"|secret|secretstore|service|serviceaccount"
)
"""Kinds of objects, which the API server names with their group in its errors."""

STATUS = (
    r"[1-5]\d\d (?:ok|bad|unauthorized|forbidden|not|method|request|conflict|gone|unprocessable|too"
    r"|internal|service|gateway|moved|found)\b"
)
"""An HTTP status with the beginning of its text."""

ENDS = r"[:.,;)\]}]{0,2}(?=\s|$)"
GOES_ON = (
    r""":? ++(?![\w.-]{1,60}+=|(?:user|login|host|port|db|database|email)[\w-]{0,20}:)[\w"'\\/]"""
)
SUBJECT = r" (?:is|was|has|does|did|not|cannot|could|contains|message|returned|error)\b"
OBJECT = (
    r"""s?(?:(?:\.[a-z0-9-]{1,40}){1,3}\.io)? \\*["'][^"'\n]{1,253}["']"""
    r" (?:not found|is forbidden|already exists)\b"
)

PROSE = (
    rf"(?<=: )(?:(?:{STATES}){ENDS}|(?:{BEGINNINGS}){GOES_ON}|(?:{NOUNS}){SUBJECT}"
    rf"|(?:{KINDS}){OBJECT}|{STATUS})"
)
"""Matches where a message goes on after `: ` in place of a value; to be used without case."""

SMALL = r"a|an|as|at|be|been|but|by|for|from|if|in|is|it|no|of|on|or|out|so|to|up|was"
"""Words of which nearly every message of several words has one."""

PHRASE = (
    rf"[a-z]{{1,24}}(?:[ \t]++(?!(?:{STATES}|{BEGINNINGS}|{NOUNS}|{KINDS}|{SMALL})(?![\w-]))"
    r"""[a-z]{2,24}){3,15}+(?=[ \t]*+(?:$|[\r\n"',;&)\]}\\]))"""
)
"""Matches a passphrase: four words or more, of which only the first may begin a message; to be used
without case."""

SCHEMES = "basic|bearer|bot|digest|negotiate|token"
"""Words before the credential in a header; to be used without case."""

SCHEME_WORDS = (
    r"(?:authenticat(?:ed|ion|or)|authori[sz](?:ation|ed)|configurations?|connections?|connectivity"
    r"|credentials?)(?!\.?[\w~+/=-])"
)
"""Long words that may follow "basic", "bearer" or "bot" in a message; to be used without case."""
