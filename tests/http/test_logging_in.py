"""Logging in at an identity provider: who is let in as what, and each way in which somebody else's word is refused."""

import ssl
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gateway.console.access.id_tokens import IdTokenError, UnknownKeyError
from gateway.console.access.logging_in import LOG_IN_S, LoggingIn, LogInError, safe_back
from gateway.console.access.oidc_provider import KEPT_S, KEYS_AGAIN_S, OidcClient, OidcProvider
from gateway.console.access.people import NoRoleError, person_of
from gateway.console.access.sealed_text import SealedText
from gateway.domain.access import Role
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.http.identity_provider import MAX_ANSWER_BYTES, IdentityProviderClient, ProviderRefusedError, is_private
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, EC_KEY, RSA_KEY, IdentityProvider, public_pem

HERE = "https://console.example.com/login/callback"
ROLES = {"webhook-ops": Role.OPERATOR, "webhook-admins": Role.ADMIN, "everybody": Role.VIEWER}
BY_EMAIL = {"role_claim": "email", "roles": {"ada@example.com": Role.ADMIN}}
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - refused


class World:
    """A provider, a console that trusts it, and clocks that the test turns."""

    def __init__(self, provider: IdentityProvider, **client: Any) -> None:
        self.provider = provider
        self.now_ms = 1_700_000_000_000
        self.monotonic_s = 1_000.0
        known = OidcClient(
            **{
                "issuer": provider.issuer,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "scopes": ("openid", "email"),
                "role_claim": "groups",
                "roles": ROLES,
                **client,
            }
        )
        http = IdentityProviderClient(ssl.create_default_context())
        self.logging_in = LoggingIn(
            OidcProvider(known, http, lambda: self.monotonic_s),
            SealedText(lambda: [bytes(32)]),
            lambda: self.now_ms,
        )

    def named(self, name: str) -> str:
        """Say how the provider's person is named in the audit trail."""
        return f"user:{name} (248289761001 at {self.provider.issuer})"

    async def log_in(self, back: str = "/") -> Any:
        """Go through a whole log-in, in one browser."""
        page, cookie = await self.logging_in.begin(HERE, back)
        return await self.logging_in.end(cookie, self.provider.log_in(page))


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    """Run a provider."""
    async with IdentityProvider() as started:
        yield started


@pytest.fixture
def world(provider: IdentityProvider) -> World:
    """Give a console that trusts it."""
    return World(provider)


async def test_somebody_logs_in_and_comes_back_to_where_they_were(world: World) -> None:
    """The highest role of their groups is theirs, and the name is the address that the provider vouches for."""
    person, back = await world.log_in("/deliveries?state=dead_lettered")
    assert (person.name, person.role, person.tenant) == (world.named("ada@example.com"), Role.OPERATOR, None)
    assert person.subject == "248289761001"
    assert back == "/deliveries?state=dead_lettered"
    await world.log_in()
    # What it says of itself, and its keys, are kept.
    assert world.provider.asked == {"/.well-known/openid-configuration": 1, "/keys": 1, "/token": 2}
    world.monotonic_s += KEPT_S
    await world.log_in()
    assert world.provider.asked["/.well-known/openid-configuration"] == world.provider.asked["/keys"] == 2


async def test_what_the_browser_is_sent_away_with(world: World) -> None:
    """State, nonce and the hash of the verifier are there, new each time; the verifier is sealed away."""
    page, cookie = await world.logging_in.begin(HERE, "/")
    asked = parse_qs(urlsplit(page).query)
    assert asked["scope"] == ["openid email"]
    assert asked["redirect_uri"] == [HERE]
    again = parse_qs(urlsplit((await world.logging_in.begin(HERE, "/"))[0]).query)
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name][0]) >= 43
        assert asked[name] != again[name]
    assert len(cookie) < 4_096


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"claims": {"iss": "https://evil.example"}}, "another issuer"),
    "no issuer": ({"claims": {"iss": None}}, "a claim is missing"),
    "for another client": ({"claims": {"aud": "other"}}, "for another client"),
    "for nobody": ({"claims": {"aud": None}}, "a claim is missing"),
    "for several, asked for by nobody": ({"claims": {"aud": [CLIENT_ID, "other"]}}, "another client asked"),
    "for several, asked for by another": (
        {"claims": {"aud": [CLIENT_ID, "other"], "azp": "other"}},
        "another client asked",
    ),
    "for us, asked for by another": ({"claims": {"azp": "other"}}, "another client asked"),
    "another log-in's": ({"claims": {"nonce": "x" * 43}}, "another log-in"),
    "a nonce that is no text": ({"claims": {"nonce": 7}}, "another log-in"),
    "no nonce": ({"claims": {"nonce": None}}, "a claim is missing"),
    "expired": ({"times": {"exp": -90}}, "has expired"),
    "for ever": ({"claims": {"exp": None}}, "a claim is missing"),
    "not valid yet": ({"times": {"nbf": 600}}, "not valid yet"),
    "made tomorrow": ({"times": {"iat": 86_400}}, "not valid yet"),
    "of nobody": ({"claims": {"sub": None}}, "a claim is missing"),
    "of somebody without a name": ({"claims": {"sub": ""}}, "its subject is none"),
    "of somebody whose name is too long": ({"claims": {"sub": "x" * 256}}, "its subject is none"),
    "of somebody whose name can't be read": ({"claims": {"sub": "42\u202e"}}, "its subject is none"),
    "not signed": ({"key": None}, "not signed in a way"),
    "the public key as a shared secret": ({"key": public_pem(RSA_KEY), "algorithm": "HS256"}, "not signed in a way"),
    "a stranger's key": ({"key": STRANGER}, "its signature is wrong"),
    "another algorithm than the key's": ({"key": EC_KEY, "algorithm": "ES256"}, "its key is not known"),
    "a key that is not published": ({"key": STRANGER, "key_id": "rsa-9"}, "its key is not known"),
    "a key that is too short": ({"key": SHORT, "published": {"rsa-1": SHORT}}, "its key is too short"),
    "a header that has to be understood": ({"headers": {"crit": ["x"], "x": 1}}, "it is no token"),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_token_is_refused_that_is(lie: str, world: World) -> None:
    """Nothing that the signature and the claims do not say together lets anybody in."""
    told, reason = LIES[lie]
    for name, value in told.items():
        setattr(world.provider, name, value)
    with pytest.raises(IdTokenError) as refused:
        await world.log_in()
    assert reason in refused.value.message


@pytest.mark.parametrize(
    "told",
    [
        {"times": {"exp": -30}},
        {"times": {"iat": 30}},
        {"claims": {"aud": [CLIENT_ID]}},
        {"claims": {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID}},
        {"key": EC_KEY, "algorithm": "ES256", "key_id": "ec-1"},
        {"algorithm": "PS256"},
        {"key_id": None},
    ],
)
async def test_a_token_is_taken_that_is_right_in_another_way(told: dict[str, Any], world: World) -> None:
    """Clocks differ by a minute, and providers sign as they like among what is safe."""
    for name, value in told.items():
        setattr(world.provider, name, value)
    assert (await world.log_in())[0].role is Role.OPERATOR


async def test_keys_are_asked_for_again_when_they_are_replaced_and_not_for_every_made_up_token(world: World) -> None:
    """A key that is not known asks for them once a minute at most."""
    await world.log_in()
    world.provider.published, world.provider.key, world.provider.key_id = {"rsa-2": STRANGER}, STRANGER, "rsa-2"
    with pytest.raises(UnknownKeyError):
        await world.log_in()
    assert world.provider.asked["/keys"] == 1
    world.monotonic_s += KEYS_AGAIN_S
    assert (await world.log_in())[0].role is Role.OPERATOR
    assert world.provider.asked["/keys"] == 2
    world.provider.key_id = "rsa-3"
    for _ in range(3):
        with pytest.raises(UnknownKeyError):
            await world.log_in()
    assert world.provider.asked["/keys"] == 2


async def test_a_log_in_ends_in_the_browser_that_began_it_only(world: World) -> None:
    """Another browser's state, a cookie that was altered, none at all, and one that is too old end nothing."""
    page, cookie = await world.logging_in.begin(HERE, "/")
    answer = world.provider.log_in(page)
    _, others = await world.logging_in.begin(HERE, "/")
    foreign = World(world.provider)
    foreign.logging_in._sealed = SealedText(lambda: [bytes([1]) * 32])
    _, unreadable = await foreign.logging_in.begin(HERE, "/")
    for wrong in (
        others,
        unreadable,
        ("A", "B")[cookie[0] == "A"] + cookie[1:],
        cookie[:-1],
        "",
        "ä",
        "x" * 5_000,
        None,
    ):
        with pytest.raises(LogInError):
            await world.logging_in.end(wrong, answer)
    for wrong_answer in (
        {},
        {"code": answer["code"]},
        {**answer, "state": ""},
        {**answer, "iss": "https://evil.example"},
    ):
        with pytest.raises(LogInError):
            await world.logging_in.end(cookie, wrong_answer)
    with pytest.raises(LogInError, match="did not log you in"):
        await world.logging_in.end(cookie, {"state": answer["state"], "error": "access_denied"})
    world.now_ms += LOG_IN_S * 1000
    with pytest.raises(LogInError, match="too long"):
        await world.logging_in.end(cookie, answer)
    assert "/token" not in world.provider.asked


async def test_a_code_is_good_once_and_with_its_verifier_only(world: World) -> None:
    """A state and a code that are sent again, or put into another log-in, get nothing."""
    page, cookie = await world.logging_in.begin(HERE, "/")
    answer = world.provider.log_in(page)
    await world.logging_in.end(cookie, answer)
    with pytest.raises(ProviderRefusedError, match="invalid_grant"):
        await world.logging_in.end(cookie, answer)
    stolen = world.provider.log_in(page)["code"]
    page, cookie = await world.logging_in.begin(HERE, "/")
    own = world.provider.log_in(page)
    with pytest.raises(ProviderRefusedError, match="invalid_grant"):
        await world.logging_in.end(cookie, {**own, "code": stolen})


async def test_a_provider_that_names_itself_has_to(world: World) -> None:
    """Where it promises to say who it is (RFC 9207), an answer that does not is another one's."""
    world.provider.document = {"authorization_response_iss_parameter_supported": True}
    page, cookie = await world.logging_in.begin(HERE, "/")
    with pytest.raises(LogInError, match="another identity provider's"):
        await world.logging_in.end(cookie, world.provider.log_in(page))
    answer = {**world.provider.log_in(page), "iss": world.provider.issuer}
    assert (await world.logging_in.end(cookie, answer))[0].role is Role.OPERATOR


async def test_what_the_token_does_not_say_is_asked_for(world: World) -> None:
    """Where groups are told to whoever asks only; what is signed counts for more than what is told so."""
    world.provider.claims = {"groups": None, "email_verified": None, "email": None}
    told = {"sub": "248289761001", "groups": ["everybody"], "email": "ada@example.net", "email_verified": True}
    world.provider.person = told
    person, _ = await world.log_in()
    assert (person.name, person.role) == (world.named("ada@example.net"), Role.VIEWER)
    world.provider.claims = {}
    world.provider.person = {**told, "groups": ["webhook-admins"]}
    assert (await world.log_in())[0].role is Role.OPERATOR
    assert world.provider.asked["/userinfo"] == 1


@pytest.mark.parametrize("sub", ["another", None, 248289761001])
async def test_what_is_told_of_somebody_else_lets_nobody_in(sub: object, world: World) -> None:
    """An access token may have been put in the place of theirs (OpenID Connect Core 1.0, section 5.3.2)."""
    world.provider.claims = {"groups": None}
    world.provider.person = {"sub": sub, "groups": ["webhook-admins"]}
    with pytest.raises(ProviderRefusedError, match="somebody else"):
        await world.log_in()


async def test_a_tenant_is_asked_for_too(provider: IdentityProvider) -> None:
    """It decides as much as the groups do; where nothing can be asked, nobody without one is let in."""
    world = World(provider, tenant_claim="org")
    with pytest.raises(NoRoleError):
        await world.log_in()
    provider.person = {"sub": "248289761001", "org": "acme"}
    world = World(provider, tenant_claim="org")
    person, _ = await world.log_in()
    assert (person.role, person.tenant) == (Role.OPERATOR, "acme")
    provider.person = {"sub": "248289761001"}
    with pytest.raises(NoRoleError):
        await world.log_in()


@pytest.mark.parametrize("error", ["invalid_scope", "<script>", "x" * 65, ""])
async def test_why_the_provider_does_not_log_somebody_in_is_told_where_it_is_a_word(error: str, world: World) -> None:
    """Whoever sets the client up wrongly sees in what way."""
    page, cookie = await world.logging_in.begin(HERE, "/")
    state = world.provider.log_in(page)["state"]
    with pytest.raises(LogInError) as refused:
        await world.logging_in.end(cookie, {"state": state, "error": error})
    told = ": invalid_scope" if error == "invalid_scope" else ""
    assert refused.value.message == f"the identity provider did not log you in{told}"


async def test_a_client_that_the_provider_does_not_take_is_told_how_it_came(world: World) -> None:
    """Its secret is wrong, or goes another way."""
    world.provider.answer = web.json_response({"error": "invalid_client"}, status=401)
    with pytest.raises(ProviderRefusedError, match="answered 401: invalid_client") as refused:
        await world.log_in()
    assert "client_secret_basic" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"userinfo_endpoint": "http://elsewhere.example/userinfo"},
        {"jwks_uri": "https://user:password@elsewhere.example/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_is_not_as_it_should_be_is_not_asked(document: dict[str, Any], world: World) -> None:
    """Its document is another's, or names what is not private."""
    world.provider.document = document
    with pytest.raises(ProviderRefusedError):
        await world.logging_in.begin(HERE, "/")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 302, "headers": {"Location": "/keys"}},
        {"status": 200, "text": "[]"},
        {"status": 200, "text": "{"},
        {"status": 200, "text": "{}"},
        {"status": 200, "text": " " * (MAX_ANSWER_BYTES + 1)},
        {"status": 400, "text": '{"error": "\\u001b[31m<script>"}'},
    ],
)
async def test_an_answer_that_is_none_ends_the_log_in(answer: dict[str, Any], world: World) -> None:
    """Redirects are not followed, answers are bounded, and what they say is not repeated."""
    world.provider.answer = web.Response(**answer)
    with pytest.raises(ProviderRefusedError) as refused:
        await world.log_in()
    assert refused.value.message.isprintable()
    assert "script" not in refused.value.message
    assert "/keys" not in world.provider.asked


async def test_a_provider_that_is_away_is_said_to_be(provider: IdentityProvider) -> None:
    """Nobody is let in, and the error says why."""
    world = World(provider, issuer="http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="can't be reached"):
        await world.log_in()


@pytest.mark.parametrize(
    ("settings", "claims", "expected"),
    [
        ({}, {"groups": ["webhook-admins"]}, (Role.ADMIN, None)),
        ({}, {"groups": "everybody"}, (Role.VIEWER, None)),
        ({"role_claim": "realm_access.roles"}, {"realm_access": {"roles": ["everybody"]}}, (Role.VIEWER, None)),
        ({"role_claim": "https://x.example/r"}, {"https://x.example/r": ["everybody"]}, (Role.VIEWER, None)),
        ({"tenant_claim": "org"}, {"groups": ["everybody"], "org": "acme"}, (Role.VIEWER, "acme")),
        ({"tenant_claim": "org"}, {"groups": ["everybody"], "org": "*"}, (Role.VIEWER, None)),
        (BY_EMAIL, {"email": "ada@example.com", "email_verified": True}, (Role.ADMIN, None)),
        (BY_EMAIL, {"email": "ada@example.com"}, None),
        (BY_EMAIL, {"email": "ada@example.com", "email_verified": "false"}, None),
        ({}, {"groups": []}, None),
        ({}, {"groups": ["strangers", 7, None]}, None),
        ({}, {"groups": {"everybody": True}}, None),
        ({}, {}, None),
        ({"role_claim": "a.b"}, {"a": ["everybody"]}, None),
        ({"tenant_claim": "org"}, {"groups": ["webhook-admins"]}, None),
        ({"tenant_claim": "org"}, {"groups": ["webhook-admins"], "org": ""}, None),
        ({"tenant_claim": "org"}, {"groups": ["webhook-admins"], "org": ["acme", "other"]}, None),
        ({"tenant_claim": "org"}, {"groups": ["webhook-admins"], "org": ["acme", "*"]}, None),
        ({"tenant_claim": "org"}, {"groups": ["webhook-admins"], "org": "a/b"}, None),
    ],
)
def test_who_somebody_is(
    settings: dict[str, Any], claims: dict[str, Any], expected: tuple[Role, str | None] | None
) -> None:
    """A claim that is missing, or means several things, lets nobody in."""
    client = OidcClient(
        **{"issuer": "", "client_id": "", "client_secret": None, "scopes": (), "role_claim": "groups", "roles": ROLES}
        | settings
    )
    if expected is None:
        with pytest.raises(NoRoleError):
            person_of({"sub": "1", **claims}, client)
    else:
        person = person_of({"sub": "1", **claims}, client)
        assert (person.role, person.tenant) == expected


def test_whose_groups_are_too_many_to_be_named_is_told_so() -> None:
    """The claim is named, and not there (OpenID Connect Core 1.0, section 5.6.2)."""
    client = OidcClient("", "", None, (), "groups", ROLES)
    with pytest.raises(NoRoleError) as refused:
        person_of({"sub": "1", "_claim_names": {"groups": "src1"}}, client)
    assert "more groups" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "ada@example.com", "email_verified": True}, "ada@example.com"),
        ({"email": "ceo@example.com", "preferred_username": "mallory"}, "mallory"),
        ({"email": "ceo@example.com"}, "42"),
        ({"preferred_username": "a\x1b[31m\u202eb"}, "a [31m b"),
        ({"preferred_username": " \n"}, "42"),
        ({"preferred_username": 7}, "42"),
        (
            {"preferred_username": "ada@example.com (1 at https://id.example.com)"},
            "ada@example.com 1 at https://id.example.com",
        ),
    ],
)
def test_what_somebody_is_called_in_the_audit_trail(claims: dict[str, Any], name: str) -> None:
    """An address that nobody has checked names nobody, and a terminal acts on no name; who it is stands in brackets."""
    client = OidcClient("https://id.example.com", "", None, (), "groups", {"g": Role.VIEWER})
    person = person_of({"sub": "42", "groups": ["g"], **claims}, client)
    assert person.name == f"user:{name} (42 at https://id.example.com)"


@pytest.mark.parametrize(
    "back",
    [
        "", "x", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " /", "/a b", "/ä", "/a\\b", "/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_the_way_back_never_leads_elsewhere(back: str) -> None:
    """What is not plainly a path of this console is its first page."""
    assert safe_back(back) == "/"


@given(back=st.one_of(st.text(), st.text("/\\.:@?#ae\t\n", min_size=1)))
def test_a_browser_stays_where_it_is_whatever_the_way_back(back: str) -> None:
    """Joined to a page of this console, it is one."""
    assert URL("https://console.example.com/login").join(URL(safe_back(back))).host == "console.example.com"
    assert safe_back(safe_back(back)) == safe_back(back)


def test_what_is_private() -> None:
    """Https, or plain http that does not leave this machine."""
    assert all(
        map(is_private, ("https://id.example/x?y=1", "http://localhost:8080/", "http://127.0.0.1", "http://[::1]/"))
    )
    assert not any(
        map(
            is_private,
            ("", "http://id.example", "https://", "ftp://x", "https://u@x", "https://x:y", "https://x#y", "https://ä"),
        )
    )


def test_errors_of_a_log_in_are_the_gateways() -> None:
    """Each is shown with its message, and none with a stack trace."""
    assert all(issubclass(kind, GatewayError) for kind in (IdTokenError, LogInError, NoRoleError, ProviderRefusedError))
