"""The shape of one entry of the failure catalogue. Standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FailureText:
    """One failure in words.

    sentence: what is the matter, true without any facts.
    next_step: what the creator can do now.
    retryable: whether doing exactly the same again may work.
    http_status: what the API answers with.
    with_facts: fuller sentences, the most telling first; the first one whose facts are all known replaces `sentence`.
    """

    sentence: str
    next_step: str
    retryable: bool
    http_status: int
    with_facts: tuple[str, ...] = ()


def bad_input(sentence: str, next_step: str, *with_facts: str, http_status: int = 422) -> FailureText:
    return FailureText(sentence, next_step, retryable=False, http_status=http_status, with_facts=with_facts)


def our_fault(sentence: str, next_step: str, *with_facts: str, retryable: bool, http_status: int) -> FailureText:
    return FailureText(sentence, next_step, retryable=retryable, http_status=http_status, with_facts=with_facts)
