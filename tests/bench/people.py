"""People at the dialogs of bulk actions and at the pages of jobs: what their browsers ask and send."""

from __future__ import annotations

import html
import json
import re
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench.client import CSRF, Answer, Client, WrongAnswer
from tests.bench.forms import Values, fields

LIST = "/admin/article/"
# Between two looks at a job; a page looks half a second after it was opened, and then every second.
PAUSE = 0.02
LONGEST_JOB = 3600.0


@dataclass(frozen=True)
class Dialog:
    """What somebody is asked before anything is done, with what the answer yes sends."""

    seconds: float
    values: Values


@dataclass(frozen=True)
class Confirmed:
    """A job that was made, and how long its maker waited for the answer."""

    job: int
    at: float
    seconds: float


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in."""

    client: Client

    def asked(self, action: str, where: str = "") -> Dialog:
        """Choose an action for all rows that match a filter (or for all there are): its dialog."""
        selection = urlencode({"where": where}) if where else ""
        page = self.client.get(f"{LIST}?{selection}")
        sent = {"csrf_token": token(page), "action": action, "all": "yes", "selection": selection, "url": LIST}
        sending = self.client.post(f"{LIST}action/", sent.items())
        # The dialog is a page of its own.
        answer = self.client.get(location_of(sending))
        if answer.status != 200:
            raise WrongAnswer(f"the dialog of {action} is answered with {answer.status}:\n{answer.text[:2000]}")
        return Dialog(sending.seconds + answer.seconds, fields(answer.text, "rows"))

    def confirms(self, dialog: Dialog, count: int) -> Confirmed:
        """Say yes, typing how many rows it is where that is wanted."""
        values = {**dialog.values, **({"typed": str(count)} if "typed" in dialog.values else {})}
        started = time.perf_counter()
        answer = self.client.post(f"{LIST}bulk/", values.items())
        seconds = answer.seconds
        done = self.client.get(LIST).text if urlsplit(location_of(answer)).path == LIST else ""
        # So few rows that they are done already: the list says so, with a way to undo the job.
        if found := re.search(r"/admin/job/undo/\?id=(\d+)", done):
            return Confirmed(int(found[1]), started, seconds)
        return Confirmed(job_of(answer), started, seconds)

    def waits_for(self, job: int) -> None:
        """Look at the job until it has ended."""
        ends = time.perf_counter() + LONGEST_JOB
        while time.perf_counter() < ends:
            answer = self.client.get(f"/admin/job/progress/?id={job}")
            if answer.status != 200:
                raise WrongAnswer(f"the progress of job {job} is answered with {answer.status}")
            # The part of a job that goes on says which one is to be asked for again.
            if "data-job=" not in answer.text:
                return
            time.sleep(PAUSE)
        raise WrongAnswer(f"job {job} does not end")

    def undoes(self, job: int) -> Confirmed:
        """Press Undo on the job's page."""
        return self.presses("undo", job)

    def presses(self, way: str, job: int) -> Confirmed:
        """Press a button of the job's page that makes another job."""
        page = self.client.get(f"/admin/job/details/?id={job}")
        found = re.search(rf'action="(/admin/job/{way}/[^"]*)"', page.text)
        if found is None:
            raise WrongAnswer(f"job {job} has no {way}:\n{page.text[:2000]}")
        started = time.perf_counter()
        answer = self.client.post(html.unescape(found[1]), [("csrf_token", token(page))])
        return Confirmed(job_of(answer), started, answer.seconds)


def between(first: int, last: int) -> str:
    """The filter on a range of keys, both ends in it."""
    return json.dumps({"all": [["id", "between", [first, last]]]}, separators=(",", ":"))


def token(page: Answer) -> str:
    """What has to be sent with every form of this page's reader."""
    if found := CSRF.search(page.text):
        return html.unescape(found[1])
    raise WrongAnswer(f"the page has no form ({page.status}):\n{page.text[:2000]}")


def location_of(answer: Answer) -> str:
    """Where an answer leads."""
    return next((value for name, value in answer.headers if name.lower() == "location"), "")


def job_of(answer: Answer) -> int:
    """The job that an answer leads to."""
    location = location_of(answer)
    address = urlsplit(location)
    if answer.status not in (302, 303) or address.path != "/admin/job/details/":
        raise WrongAnswer(f"no job came of it: {answer.status} {location}\n{answer.text[:2000]}")
    return int(parse_qs(address.query)["id"][0])
