"""What is wrong with a certificate, its requests, or its issuer."""

from bot.domain.situation.phrase import phrase
from bot.domain.verdict import Verdict

PHRASES = (
    phrase("expired", "Expired"),
    phrase("can't be renewed", "RenewalFailed"),
    phrase("is late for renewal", "RenewalLate"),
    phrase("has an issuer that doesn't exist", "IssuerNotFound"),
    phrase("shares its Secret with another Certificate", "SecretShared"),
    phrase("is being issued", "Issuing", "InProgress", "Pending", verdict=Verdict.PROGRESSING),
    phrase("hasn't been issued", "Issuing", "InProgress", "Pending", "DoesNotExist"),
    phrase("is a temporary one", "TemporaryCertificate"),
    phrase("can't be issued", "Failed", "Invalid", "Errored", "Denied", "InvalidRequest"),
    phrase("can't be validated, no solver fits", "NoSolver"),
    phrase("can't be validated, its order has no challenge", "NoChallenge"),
    phrase("is being issued", "Processing"),
    phrase("names an issuer that can't issue it", "IncorrectIssuer"),
    phrase("isn't ready", "NotReady"),
)

ISSUERS = (
    phrase("can't read its key pair", "ErrGetKeyPair", "ErrInvalidKeyPair"),
    phrase("can't register its ACME account", "ErrRegisterACMEAccount", "ErrVerifyACMEAccount"),
    phrase("can't update its ACME account", "ErrUpdateACMEAccount"),
    phrase("can't be set up", "ErrInitIssuer", "Error"),
    phrase("has an invalid configuration", "InvalidConfig"),
    phrase("can't log in to Vault", "VaultError"),
    phrase("isn't ready", "NotReady"),
)
