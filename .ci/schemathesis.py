"""Runs schemathesis against a console with made-up findings: schemathesis.py SERVER SCHEMATHESIS OPENAPI FOLDER."""

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

EXAMPLES = 15  # of a phase, for each operation
SECONDS = 600  # a run that takes longer fails; it takes about 60 on two free cores

# Checks that are left out, and why.
WITHOUT = {
    # Whether an id exists, a version is the newest, a one-time code is right or a query has a meaning is no matter of a schema.
    "positive_data_acceptance",
}

# What ends the token that the run works with comes last, alone: schemathesis names things that it has seen in answers.
LAST = "DELETE /api/v1/tokens/{id}"


class Console:
    """A console with an admin who is logged in."""

    def __init__(self, server):
        self.process = subprocess.Popen([server, "-rate", "100000000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        start = json.loads(self.process.stdout.readline())
        self.url, self.cookie = start["url"], None
        self.ask("POST", "login", {"name": "admin", "password": start["password"]})

    def ask(self, method, path, body=None):
        r = urllib.request.Request(f"{self.url}/api/v1/{path}", method=method, headers={"Content-Type": "application/json"})
        if self.cookie:
            r.add_header("Cookie", self.cookie)
        with urllib.request.urlopen(r, None if body is None else json.dumps(body).encode()) as answer:
            if set_cookie := answer.headers.get("Set-Cookie"):
                self.cookie = set_cookie.split(";")[0]
            return json.load(answer)

    def values(self):
        """Makes one of each thing, and returns what parameters may name, by path."""
        findings = {f["event"]["id"]: f for f in self.ask("GET", "findings?q=" + urllib.parse.quote("rule:credential_post"))["findings"]}
        group = self.ask("GET", "groups?q=brand:vneid")["groups"][0]
        files = [f["event"]["id"] for f in self.ask("GET", "findings?q=source:yara")["findings"][:1]]
        case = self.ask("POST", "cases", {"title": "thử", "findings": list(findings)})["id"]
        view = self.ask("POST", "views", {"name": "v", "range": "24h", "sort": "worst"})["id"]
        tune = self.ask("POST", "tunes", {"rule": "r", "reason": "thử", "days": 1})["id"]
        account = self.ask("POST", "accounts", {"name": "an", "password": "a long password", "role": "analyst"})["name"]
        decisions = [x["id"] for x in self.ask("GET", "blocking/decisions")["page"]["decisions"]]
        requests = [x["id"] for x in self.ask("GET", "blocking/requests")["unblocks"]]
        return {
            "/api/v1/findings/{id}": {"id": list(findings) + files},
            "/api/v1/triage": {"key": [group["key"]]},
            "/api/v1/cases/{id}": {"id": [case], "form": ["initial", "report72"], "pack": ["vn-2026"]},
            "/api/v1/views/{id}": {"id": [view]},
            "/api/v1/tunes/{id}": {"id": [tune]},
            "/api/v1/accounts/{name}": {"name": [account]},
            "/api/v1/blocking/decisions/{id}": {"id": decisions},
            "/api/v1/blocking/requests/{id}": {"id": requests},
            "/api/v1/blocking/render/{format}": {"format": ["edl-domain"]},
            "/api/v1/reports/packs/{id}": {"id": ["vn-2026"]},
            "/api/v1/reports/clocks": {"pack": ["vn-2026"]},
        }

    def token(self, role):
        return self.ask("POST", "tokens", {"name": role, "role": role, "days": 1})["text"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def config(values):
    """A configuration in which three of four values of a parameter name something that exists."""
    lines = []
    for n, (path, names) in enumerate(values.items()):
        for name, list_ in names.items():
            lines.append(f"[dictionaries.d{n}_{name}]\nvalues = {json.dumps(list_)}\n")
    for n, (path, names) in enumerate(values.items()):
        pattern = "^" + path.replace("{", r"\{").replace("}", r"\}").replace(".", r"\.")
        lines.append(f"[[operations]]\ninclude-path-regex = {json.dumps(pattern)}\n[operations.parameters]")
        for name in names:
            where = "path" if "{" + name + "}" in path else "query"
            lines.append(f'"{where}.{name}" = {{ dictionary = "d{n}_{name}", probability = 0.75 }}')
    # The stream of events never ends: its first message is looked at.
    lines.append('[[operations]]\ninclude-path = "/api/v1/events"\nmax-stream-events = 1\nrequest-timeout = 5\n')
    return "\n".join(lines)


def main(server, schemathesis, document, folder):
    failed = False
    for role in "admin", "viewer":
        console, start = Console(server), time.monotonic()
        try:
            settings = f"{folder}/{role}.toml"
            with open(settings, "w") as f:
                f.write(config(console.values()))
            token = console.token(role)
            for part in "--exclude-name", "--include-name":
                run = subprocess.run(
                    [schemathesis, "--config-file", settings, "--no-color", "run", document, "--url", console.url,
                     "-H", "Authorization: Bearer " + token, part, LAST,
                     "--checks", "all", "--exclude-checks", ",".join(sorted(WITHOUT)), "--phases", "examples,coverage,fuzzing",
                     "--max-examples", str(EXAMPLES), "--generation-deterministic", "--suppress-health-check", "all", "--warnings", "off",
                     "--continue-on-failure"],
                    cwd=folder, timeout=SECONDS)
                failed |= run.returncode != 0
        finally:
            console.close()
        print(f"schemathesis as {role}: {time.monotonic() - start:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
