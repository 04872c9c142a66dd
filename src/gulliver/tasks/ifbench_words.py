"""Verifiers of IFBench's instructions about words, sentences and their proportions.

Each is a function of the response and the instruction's parameters, written after the instruction's sentence; where that
leaves a choice (what a word or a trigram is), the choice is the published one, so that figures compare.
"""

import re
import string
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

Parameters = Mapping[str, Any]
Verifier = Callable[[str, Parameters], bool]

VERIFIERS: dict[str, Verifier] = {}

_MARKS = str.maketrans("", "", string.punctuation)
_EDGES = string.punctuation + " "
_CONJUNCTIONS = frozenset({"and", "but", "for", "nor", "or", "so", "yet"})
_PRONOUNS = frozenset(
    {"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves", "you", "your", "yours", "yourself"}
    | {"yourselves", "he", "him", "his", "himself", "she", "her", "hers", "herself", "it", "its", "itself", "they"}
    | {"them", "their", "theirs", "themselves"}
)
_PRIMES = frozenset(n for n in range(2, 100) if all(n % d for d in range(2, n)))
_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|Inc|Ltd|Co|Capt|Lt|e\.g|i\.e|Ph\.D|[A-Z])\.(?=\s|$)")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_CLUSTER = re.compile(r"[bcdfghj-np-tv-z]{2}")


def verifies(name: str) -> Callable[[Verifier], Verifier]:
    """Name the instruction a function verifies."""

    def mark(function: Verifier) -> Verifier:
        VERIFIERS[name] = function
        return function

    return mark


def sentences(text: str) -> list[str]:
    """Split after `.`, `!` and `?`, closing quotes included; not after initials, common abbreviations, in numbers."""
    hidden = _ABBREVIATED.sub(lambda found: found[0].replace(".", "\0"), text.replace("\n", " "))
    parts = re.split(r"(?<=[.!?])(?=\s)|(?<=[.!?][\"'”’)])(?=\s)", hidden)
    return [part.strip().replace("\0", ".") for part in parts if part.strip()]


def words(text: str) -> list[str]:
    """Lower-case words, without any punctuation."""
    return text.lower().translate(_MARKS).split()


def ending(sentence: str) -> str:
    """The mark a sentence ends with, quotes and brackets after it left away."""
    return sentence.rstrip("\"'”’) ")[-1:]


@verifies("count:word_count_range")
def word_count(text: str, given: Parameters) -> bool:
    return bool(given["min_words"] <= len(re.findall(r"\w+", text)) <= given["max_words"])


@verifies("count:unique_word_count")
def unique_words(text: str, given: Parameters) -> bool:
    return bool(len({word.strip(_EDGES) for word in text.lower().split()}) >= given["N"])


@verifies("count:conjunctions")
def conjunctions(text: str, given: Parameters) -> bool:
    return bool(len(_CONJUNCTIONS & {word.strip(_EDGES).lower() for word in text.split()}) >= given["small_n"])


@verifies("count:person_names")
def person_names(text: str, given: Parameters) -> bool:
    return bool(sum(name in text for name in given["names"]) >= given["N"])


@verifies("count:numbers")
def numbers(text: str, given: Parameters) -> bool:
    return bool(len(re.findall(r"\d+", text.translate(_MARKS))) == given["N"])


@verifies("count:pronouns")
def pronouns(text: str, given: Parameters) -> bool:
    return bool(sum(word in _PRONOUNS for word in words(text.replace("/", " "))) >= given["N"])


@verifies("count:punctuation")
def punctuation(text: str, given: Parameters) -> bool:
    bang = next((mark for mark in ("?!", "!?", "‽") if mark in text), None)
    return bang is not None and set(".,!?;:") <= set(text.replace(bang, "", 1))


@verifies("count:keywords_multiple")
def keyword_counts(text: str, given: Parameters) -> bool:
    wanted = zip((given[f"keyword{place}"] for place in range(1, 6)), (1, 2, 3, 5, 7), strict=True)
    return all(text.lower().count(keyword.strip().lower()) == times for keyword, times in wanted)


@verifies("count:words_japanese")
def japanese(text: str, given: Parameters) -> bool:
    every = int(given["N"])
    chosen = (word.strip(_EDGES) for word in text.split()[every - 1 :: every])
    return all(_JAPANESE.search(word) for word in chosen if word and not word.isdigit())


@verifies("ratio:sentence_type")
def two_to_one(text: str, given: Parameters) -> bool:
    ends = [ending(sentence) for sentence in sentences(text)]
    return ends.count(".") == 2 * ends.count("?")


@verifies("ratio:sentence_balance")
def balanced(text: str, given: Parameters) -> bool:
    ends = [ending(sentence) for sentence in sentences(text)]
    return ends.count(".") == ends.count("?") == ends.count("!")


@verifies("ratio:sentence_words")
def same_length(text: str, given: Parameters) -> bool:
    """Three sentences of the same number of characters (the published verifier leaves the words alone, too)."""
    lengths = [len(sentence) for sentence in sentences(text)]
    return len(lengths) == 3 and len(set(lengths)) == 1


@verifies("ratio:overlap")
def overlap(text: str, given: Parameters) -> bool:
    """The share of the response's character trigrams that the reference has, within two points."""
    said, wanted = (
        {"".join(trio) for trio in zip(source, source[1:], source[2:], strict=False)}
        for source in (text, given["reference_text"])
    )
    return bool(said) and abs(100 * len(said & wanted) / len(said) - given["percentage"]) <= 2


@verifies("sentence:increment")
def growing(text: str, given: Parameters) -> bool:
    lengths = [len(words(sentence)) for sentence in sentences(text)]
    return all(after == before + given["small_n"] for before, after in pairwise(lengths))


@verifies("sentence:alliteration_increment")
def alliteration(text: str, given: Parameters) -> bool:
    """Words in alliterating runs, counted for each sentence, must grow from sentence to sentence."""
    counts = []
    for sentence in sentences(text):
        initials = [clean[0] for word in sentence.lower().split() if (clean := word.lstrip(_EDGES))]
        same = [a == b for a, b in pairwise(initials)]
        runs = sum(now and not before for before, now in pairwise([False, *same]))
        counts.append(sum(same) + runs)
    return all(after > before for before, after in pairwise([-1, *counts]))


@verifies("sentence:keyword")
def keyword_in_sentence(text: str, given: Parameters) -> bool:
    said, place = sentences(text), int(given["N"])
    return len(said) >= place and given["word"].strip().lower() in said[place - 1].lower()


@verifies("words:alphabet")
def alphabet(text: str, given: Parameters) -> bool:
    initials = [word[0] for word in words(text)]
    letters = string.ascii_lowercase
    return (
        bool(initials)
        and all(initial in letters for initial in initials)
        and all(letters.index(after) == (letters.index(before) + 1) % 26 for before, after in pairwise(initials))
    )


@verifies("words:vowel")
def three_vowels(text: str, given: Parameters) -> bool:
    return "\n" not in text.strip() and len(set(text.lower()) & set("aeiou")) <= 3


@verifies("words:consonants")
def clusters(text: str, given: Parameters) -> bool:
    return all(_CLUSTER.search(word) for word in text.lower().split())


@verifies("words:palindrome")
def palindromes(text: str, given: Parameters) -> bool:
    return sum(len(word) >= 5 and word == word[::-1] for word in words(text)) >= 10


@verifies("words:prime_lengths")
def prime_lengths(text: str, given: Parameters) -> bool:
    return all(len(word) in _PRIMES for word in words(text))


@verifies("words:repeats")
def few_repeats(text: str, given: Parameters) -> bool:
    said = words(text)
    return all(said.count(word) <= given["small_n"] for word in set(said))


@verifies("words:last_first")
def chained(text: str, given: Parameters) -> bool:
    said = [split for sentence in sentences(text) if (split := sentence.strip(_EDGES).lower().split())]
    return all(before[-1] == after[0] for before, after in pairwise(said))


@verifies("words:paragraph_last_first")
def framed(text: str, given: Parameters) -> bool:
    paragraphs = [line.strip().lower().strip(_EDGES).split() for line in text.split("\n") if line.strip()]
    return all(said and said[0] == said[-1] for said in paragraphs)


@verifies("words:no_consecutive")
def no_alliteration(text: str, given: Parameters) -> bool:
    return all(before[0] != after[0] for before, after in pairwise(words(text)))


@verifies("words:keywords_specific_position")
def keyword_at(text: str, given: Parameters) -> bool:
    said, sentence, word = sentences(text), int(given["n"]), int(given["m"])
    if len(said) < sentence:
        return False
    tokens = tokenised(said[sentence - 1])
    return len(tokens) >= word and tokens[word - 1] == given["keyword"].strip()


@verifies("words:words_position")
def second_and_second_to_last(text: str, given: Parameters) -> bool:
    tokens = tokenised(text)
    return len(tokens) >= 2 and tokens[1] == tokens[-2] == given["keyword"].strip()


def tokenised(text: str) -> list[str]:
    """Words and punctuation marks, each by itself, as a treebank tokeniser would mostly have them."""
    return re.findall(r"\w+(?:[-'’]\w+)*|[^\w\s]", text)
