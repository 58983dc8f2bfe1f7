"""Refusals: what crosses over is a code with parameters, what is shown a sentence."""

import pickle

from search.refusals import Refusal, sentence


def test_a_refusal_reads_as_its_sentence():
    assert str(Refusal("text", text="This file is empty.")) == "This file is empty."


def test_a_refusal_crosses_over_as_json():
    again = Refusal.of(Refusal("text", text="This file is empty.").as_json())
    assert (again.code, str(again)) == ("text", "This file is empty.")


def test_a_refusal_crosses_from_a_process_of_a_pool():
    again = pickle.loads(pickle.dumps(Refusal("text", text="This file is empty.")))
    assert str(again) == "This file is empty."


def test_no_code_is_no_sentence():
    assert sentence("", {}) == ""


def test_the_code_of_a_newer_worker_is_shown_as_it_is():
    assert sentence("from_tomorrow", {"n": 1}) == "from_tomorrow"
