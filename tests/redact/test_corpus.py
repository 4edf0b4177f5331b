"""How much of what must go is gone, and how much of what must stay stays."""

from collections import Counter, defaultdict

import pytest

from bot.redact import redact
from tests.redact.corpus import Sample, secrets
from tests.redact.sentences import HARMLESS, harmless

SEEDS = (1, 2026)


def _survived(sample: Sample) -> bool:
    return any(part in redact(sample.text).text for part in sample.secret.split("\n") if len(part) > 3)


def test_the_corpus_is_as_large_as_it_claims() -> None:
    """At least 2,000 secrets of 25 kinds, sentences in five languages, 1,000 harmless sentences."""
    samples = list(secrets(SEEDS[0]))
    kinds = Counter(sample.kind for sample in samples)
    assert len(samples) >= 2_000
    assert len(kinds) >= 25
    assert (
        len([kind for kind in kinds if kind.startswith("password (") and len(kind) == len("password (en)")])
        >= 5
    )
    assert len(set(harmless(SEEDS[0]))) >= 1_000


@pytest.mark.parametrize("seed", SEEDS)
def test_structured_secrets_are_cut(seed: int) -> None:
    """Of tokens, keys, cookies, forms and numbers at least 99 in 100 are gone."""
    missed: dict[str, list[str]] = defaultdict(list)
    samples = [sample for sample in secrets(seed) if sample.structured]
    for sample in samples:
        if _survived(sample):
            missed[sample.kind].append(sample.text)
    assert sum(map(len, missed.values())) <= len(samples) / 100, dict(missed)


@pytest.mark.parametrize("seed", SEEDS)
def test_secrets_in_sentences_are_cut(seed: int) -> None:
    """Of passwords and codes in sentences at least nine in ten are gone, in every language."""
    missed: Counter[str] = Counter()
    told: Counter[str] = Counter()
    examples: list[str] = []
    for sample in secrets(seed):
        if not sample.structured:
            told[sample.kind] += 1
            if _survived(sample):
                missed[sample.kind] += 1
                examples.append(sample.text)
    assert {kind for kind in told if missed[kind] > told[kind] / 10} == set(), (missed, examples[:80])


def test_harmless_sentences_stay_as_they_are() -> None:
    """At most one in a hundred sentences about sign-in trouble is touched."""
    sentences = harmless(SEEDS[0])
    touched = [
        (sentence, redact(sentence).text) for sentence in sentences if redact(sentence).text != sentence
    ]
    assert len(touched) <= len(sentences) / 100, touched


def test_the_everyday_sentences_stay_to_the_letter() -> None:
    """Not one of the sentences written by hand is touched: they are what people really say."""
    assert [sentence for sentence in HARMLESS if redact(sentence).text != sentence] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_twice_is_once(seed: int) -> None:
    """Redacting what is redacted changes nothing."""
    for sample in secrets(seed):
        once = redact(sample.text).text
        assert redact(once).text == once


def test_what_is_found_has_a_name() -> None:
    """Whatever is cut is reported by kind, and the mark in the text says the same."""
    kinds = {"password", "token", "cookie", "code", "key", "saml", "card", "bank"}
    for sample in secrets(SEEDS[0]):
        text, removed = redact(sample.text)
        assert set(removed) <= kinds
        assert all(f"[removed: {kind}]" in text for kind in removed)
