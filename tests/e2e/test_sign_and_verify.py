"""`gateway sign` and `gateway verify` as an installed program, without Kafka and whatever the settings."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import sign
from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import Ed25519Secret, parse_secret
from gateway.receiver import verify

GATEWAY = str(Path(sys.executable).with_name("gateway"))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
KEY_PAIR = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
BODY = '{"test": 2432232314}'
ID, AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
MESSAGE = ("--id", ID, "--timestamp", AT)


def run(*arguments: str, stdin: str | bytes = BODY) -> subprocess.CompletedProcess[str]:
    """Run the program with settings under which nothing else works."""
    done = subprocess.run(
        [GATEWAY, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=100,
        check=False,
        env={**os.environ, "GATEWAY_PARTITIONS": "none", "GATEWAY_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
    )
    assert b"Traceback" not in done.stderr
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_published_vectors_are_signed_and_verified(tmp_path: Path) -> None:
    """From the command line, from files and from standard input; what is signed is verified with any of the keys."""
    body, secrets = tmp_path / "body.json", tmp_path / "secrets.txt"
    body.write_text(BODY)
    secrets.write_text(f"{SECRET}\n\n{KEY_PAIR}\n")

    assert run("sign", *MESSAGE, "--secret", SECRET, "--file", str(body)).stdout == f"{V1}\n"
    assert run("sign", *MESSAGE, "--secret", KEY_PAIR, "--file", "-").stdout == f"{V1A}\n"
    by_file = run("sign", *MESSAGE, "--secret-file", str(secrets))
    assert (by_file.stdout, by_file.stderr, by_file.returncode) == (f"{V1} {V1A}\n", "", 0)
    by_input = run("sign", *MESSAGE, "--file", str(body), "--secret-file", "-", stdin=f"{KEY_PAIR}\n")
    assert by_input.stdout == f"{V1A}\n"

    for signature, secret in ((V1, SECRET), (V1A, PUBLIC_KEY), (V1A, KEY_PAIR), (f"v2,x {V1} {V1A}", PUBLIC_KEY)):
        done = run("verify", *MESSAGE, "--signature", signature, "--secret", secret, "--now", AT, "--file", str(body))
        assert (done.returncode, done.stdout, done.stderr) == (0, "verified\n", "")


def test_several_secrets_sign_and_any_of_them_verifies() -> None:
    """As in a rotation."""
    signed = run("sign", *MESSAGE, "--secret", OTHER_SECRET, "--secret", SECRET).stdout.strip()
    assert signed.split(" ")[1] == V1
    for secrets in ([SECRET], [OTHER_SECRET], [PUBLIC_KEY, SECRET]):
        options = [option for secret in secrets for option in ("--secret", secret)]
        assert run("verify", *MESSAGE, "--signature", signed, "--now", AT, *options).returncode == 0


def test_the_present_is_the_default() -> None:
    """Signed now, a body is verified now; the timestamp is told beside the signature, or with it as JSON."""
    signed = run("sign", "--id", "evt_1", "--secret", SECRET, "--json")
    headers = json.loads(signed.stdout)
    assert verify(headers, BODY.encode(), SECRET).webhook_id == "evt_1"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    plain = run("sign", "--id", "evt_1", "--secret", SECRET)
    assert plain.stdout.startswith("v1,")
    assert plain.stderr.startswith("webhook-timestamp: 1")


def test_standard_input_may_be_another_programs() -> None:
    """One that calls the command in its own process gives an input without a name; it still is one input."""
    runner = CliRunner()
    assert runner.invoke(sign.command, [*MESSAGE, "--secret", SECRET], input=BODY).output == f"{V1}\n"
    twice = runner.invoke(sign.command, [*MESSAGE, "--secret-file", "-"], input=SECRET)
    assert isinstance(twice.exception, InvalidInputError)


def test_a_body_is_bytes() -> None:
    """What is no text is signed and verified as it is."""
    raw = bytes(range(256))
    signed = run("sign", *MESSAGE, "--secret", SECRET, stdin=raw).stdout.strip()
    assert run("verify", *MESSAGE, "--signature", signed, "--secret", SECRET, "--now", AT, stdin=raw).returncode == 0


@pytest.mark.parametrize(
    ("options", "stdin", "reason", "says"),
    [
        ((), BODY, "stale_timestamp", "only the time is off"),
        (("--now", "1614265742"), BODY, "stale_timestamp", "412 s ago"),
        (("--now", "1614265000"), BODY, "future_timestamp", "330 s in the future"),
        (("--now", AT), f"{BODY}\n", "invalid_signature", "without the newline at its end"),
        (("--now", AT), '{"test":2432232314}', "invalid_signature", "with a space after commas and colons"),
        (("--now", AT, "--id", "a b"), BODY, "invalid_header", "no id"),
        (("--now", AT, "--timestamp", f"{AT}000"), BODY, "future_timestamp", "looks like milliseconds"),
        (("--now", AT, "--timestamp", "soon"), BODY, "invalid_timestamp", "not a plain number"),
        (("--now", AT, "--signature", "v1,AAAA"), BODY, "invalid_signature", "no signature of the request fits"),
        (("--now", AT, "--signature", ""), BODY, "missing_header", "webhook-signature is missing"),
        (("--now", "nan"), BODY, "stale_timestamp", ""),
    ],
)
def test_it_says_why_a_request_is_not_genuine(options: tuple[str, ...], stdin: str, reason: str, says: str) -> None:
    """Exit code 1, the reason and what was probably done wrong; programs read the same."""
    arguments = ("verify", *MESSAGE, "--signature", V1, "--secret", SECRET, *options)
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 1
    assert done.stdout.startswith("not verified: ")
    assert says in done.stdout
    as_json = run(*arguments, "--json", stdin=stdin)
    told = json.loads(as_json.stdout)
    assert (as_json.returncode, told["verified"], told["reason"]) == (1, False, reason)
    assert says in told["message"] + " ".join(told["mistakes"])


def test_an_old_capture_can_be_verified() -> None:
    """With the time at which it came, or with a tolerance that reaches back to it."""
    arguments = ("verify", *MESSAGE, "--signature", V1, "--secret", SECRET)
    told = json.loads(run(*arguments, "--now", "1614265630.0", "--json").stdout)
    assert told == {"verified": True, "reason": None, "message": None, "mistakes": []}
    assert run(*arguments, "--now", "1614265631").returncode == 1
    assert run(*arguments, "--now", "1614265631", "--tolerance-s", "301").returncode == 0


MIXED = "whsk_" + base64.b64encode(bytes(32) + Ed25519Secret(b"x" * 32).public_key.key).decode()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sign", "--id", "evt_1"), "no secret to sign with"),
        (("sign", "--id", "evt_1", "--secret", "hunter2"), "begins with whsec_ or whsk_"),
        (("sign", "--id", "evt_1", "--secret", PUBLIC_KEY), "can't sign"),
        (("sign", "--id", "evt_1", "--secret", MIXED), "don't belong together"),
        (("sign", "--id", "evt_1", "--secret", "whsec_c2hvcnQ="), "24 to 64 bytes"),
        (("sign", "--id", "e v t", "--secret", SECRET), "can't be sent as webhook-id"),
        (("sign", "--secret", SECRET), "--id"),
        (("sign", *MESSAGE, "--timestamp", "1614265330000", "--secret", SECRET), "in seconds"),
        (("sign", *MESSAGE, "--timestamp", "-1", "--secret", SECRET), "in seconds"),
        (("sign", *MESSAGE, "--timestamp", "now", "--secret", SECRET), "now"),
        (("sign", *MESSAGE, "--secret", SECRET, "--file", "/nowhere/at/all"), "No such file"),
        (("sign", *MESSAGE, "--secret-file", "/dev/null"), "no secret in"),
        (("sign", *MESSAGE, "--secret-file", "-"), "read once only"),
        (("verify", *MESSAGE, "--signature", V1), "no secret to verify with"),
        (("verify", *MESSAGE, "--signature", V1, "--secret", "whpk_AAAA"), "32 bytes"),
        (("verify", *MESSAGE, "--signature", V1, "--secret", MIXED), "don't belong together"),
        (("verify", *MESSAGE, "--signature", V1, "--secret", SECRET, "--tolerance-s", "-1"), "--tolerance-s"),
        (("verify", *MESSAGE, "--secret", SECRET), "--signature"),
    ],
)
def test_bad_input_is_a_usage_error(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2, so that nobody takes it for a verdict; secrets are not repeated."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "hunter2" not in done.stderr
    assert MIXED[5:] not in done.stderr


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_help_has_examples(command: str) -> None:
    """The help shows how it is used."""
    assert "Examples:" in run(command, "--help").stdout


def test_the_vectors_belong_together() -> None:
    """The public key of the tests is that of their key pair."""
    pair = parse_secret(KEY_PAIR)
    assert isinstance(pair, Ed25519Secret)
    assert pair.public_key.text == PUBLIC_KEY
