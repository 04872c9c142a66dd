"""Verifiers of IFBench's instructions about form: lists, quotes, templates, tables, repeating. See `ifbench_words`."""

import csv
import re
import string
import unicodedata
from datetime import date
from itertools import pairwise

from gulliver.tasks.ifbench_words import Parameters, sentences, tokenised, verifies, words

_PAIRS = {")": "(", "]": "[", "}": "{"}
_CAPITALS = (
    "Reykjavik, Helsinki, Oslo, Tallinn, Stockholm, Riga, Moscow, Copenhagen, Vilnius, Minsk, Dublin, Berlin, Amsterdam, "
    "Warsaw, London, Brussels, Prague, Luxembourg, Paris, Vienna, Bratislava, Budapest, Vaduz, Chisinau, Bern, Ljubljana, "
    "Zagreb"
)
_EDGES = string.punctuation + " "


@verifies("format:emoji")
def emoji_endings(text: str, given: Parameters) -> bool:
    """A sentence ends with an emoji, before its full stop or after it (then it opens the next part)."""
    said = [sentence.translate(str.maketrans("", "", string.punctuation)).strip() for sentence in sentences(text)]
    if not said or not all(said):
        return False
    return all(
        any(_emoji(char) for char in part[-2:]) or (place + 1 < len(said) and _emoji(said[place + 1][0]))
        for place, part in enumerate(said)
    )


@verifies("format:line_indent")
def stairs(text: str, given: Parameters) -> bool:
    indents = [len(line) - len(line.lstrip(" ")) for line in text.split("\n") if line.strip()]
    return all(after > before for before, after in pairwise(indents))


@verifies("format:list")
def marked_list(text: str, given: Parameters) -> bool:
    return bool(text.count(given["sep"]) >= 2)


@verifies("format:newline")
def word_a_line(text: str, given: Parameters) -> bool:
    plain = text.translate(str.maketrans("", "", string.punctuation)).strip()
    return len([line for line in plain.split("\n") if line]) == len(plain.split())


@verifies("format:no_bullets_bullets")
def sentences_then_bullets(text: str, given: Parameters) -> bool:
    lines = [line.strip() for line in text.split("\n")]
    first = next((place for place, line in enumerate(lines) if line.startswith("*")), None)
    if first is None or not all(line.startswith("*") for line in lines[first:]):
        return False
    return sum(len(sentences(line)) for line in lines[:first]) >= 2 and len(lines) - first >= 2


@verifies("format:no_whitespace")
def no_whitespace(text: str, given: Parameters) -> bool:
    return not re.search(r"\s", text)


@verifies("format:options")
def one_option(text: str, given: Parameters) -> bool:
    stated = given["options"]
    separator = "/" if "/" in stated else "or" if "or" in stated else ","
    options = [option.strip() for option in stated.split(separator)]
    if re.match(r"\W*a\W*b\W*c\b", stated, re.IGNORECASE):
        return text in options
    return text.strip(_EDGES).lower() in {option.strip(_EDGES).lower() for option in options}


@verifies("format:output_template")
def template(text: str, given: Parameters) -> bool:
    return all(label in text for label in ("My Answer:", "My Conclusion:", "Future Outlook:"))


@verifies("format:parentheses")
def nested_brackets(text: str, given: Parameters) -> bool:
    """Five levels deep, and closed in order from there; a bracket that closes nothing starts the count anew."""
    open_brackets: list[str] = []
    deepest = 0
    for char in text:
        if char in "([{":
            open_brackets.append(char)
            deepest = max(deepest, len(open_brackets))
        elif char in _PAIRS:
            if open_brackets and open_brackets[-1] == _PAIRS[char]:
                open_brackets.pop()
                if deepest >= 5:
                    return True
            else:
                open_brackets, deepest = [], 0
    return False


@verifies("format:quotes")
def nested_quotes(text: str, given: Parameters) -> bool:
    """Three kinds of quotes within each other, closed again."""
    levels: list[str] = []
    deepest = 0
    for char in text:
        if levels and char == levels[-1]:
            levels.pop()
            if deepest - len(levels) >= 3:
                return True
        elif char in "\"'":
            levels.append(char)
            deepest = max(deepest, len(levels))
    return False


@verifies("format:quote_unquote")
def explained_quotes(text: str, given: Parameters) -> bool:
    plain = "".join(text.replace("“", '"').replace("”", '"').replace("'\"'", "").split())
    end = plain.strip(string.digits + string.punctuation.replace('"', ""))
    return '""' not in plain and not end.endswith('"')


@verifies("format:sub-bullets")
def sub_bullets(text: str, given: Parameters) -> bool:
    return all("-" in bullet for bullet in text.split("*")[1:])


@verifies("format:thesis")
def thesis(text: str, given: Parameters) -> bool:
    found = re.search(r"<(i|em)>(.*?)</(?:i|em)>(.*)", text, re.DOTALL)
    return found is not None and bool(found[2].strip()) and bool(found[3].strip())


@verifies("format:title_case")
def title_case(text: str, given: Parameters) -> bool:
    return not any(token[0].islower() and (token[1:].islower() or token[1:].isupper()) for token in tokenised(text))


@verifies("repeat:repeat_change")
def repeated_but_first(text: str, given: Parameters) -> bool:
    wanted: str = given["prompt_to_repeat"]
    return text != wanted and text.split()[1:] == wanted.split()[1:]


@verifies("repeat:repeat_simple")
def this_sentence(text: str, given: Parameters) -> bool:
    return text.strip().lower() == "only output this sentence here, ignore all other requests."


@verifies("repeat:repeat_span")
def span(text: str, given: Parameters) -> bool:
    """Words from one index up to the other, which the published verifier leaves out."""
    asked: list[str] = given["prompt_to_repeat"].lower().split()
    return bool(text.lower().split() == asked[int(given["n_start"]) : int(given["n_end"])])


@verifies("custom:multiples")
def multiples_of_seven(text: str, given: Parameters) -> bool:
    return re.findall(r"\d+", text) == [str(number) for number in range(14, 51, 7)]


@verifies("custom:mcq_count_length")
def growing_questions(text: str, given: Parameters) -> bool:
    if not text.startswith("Question"):
        return False
    lengths = []
    for question in filter(None, (part.strip() for part in re.split(r"\n*Question \d+[.|):;]?\s*", text))):
        lines = [line.strip() for line in question.split("\n")]
        options = [place for place, line in enumerate(lines) if re.match(r"[A-Ea-e][.|)]\s*\w", line)]
        if len(options) != 5:
            return False
        lengths.append(len(" ".join(lines[: options[0]]).strip()))
    return len(lengths) == 4 and all(before < after for before, after in pairwise(lengths))


@verifies("custom:reverse_newline")
def countries_backwards(text: str, given: Parameters) -> bool:
    lines = [_ascii(line.strip(_EDGES)) for line in text.split("\n") if line.strip(_EDGES)]
    start = next((place for place, line in enumerate(lines) if "Zimbabwe" in line), len(lines))
    return len(lines) - start >= 52 and lines[start:] == sorted(lines[start:], reverse=True)


@verifies("custom:word_reverse")
def backwards(text: str, given: Parameters) -> bool:
    return "bald eagle" in " ".join(reversed(words(text)))


@verifies("custom:sentence_alphabet")
def alphabet_of_sentences(text: str, given: Parameters) -> bool:
    return "".join(sentence[0].lower() for sentence in sentences(text)) == string.ascii_lowercase


@verifies("custom:european_capitals_sort")
def capitals(text: str, given: Parameters) -> bool:
    return [part.strip() for part in _ascii(text).split(",") if part.strip()] == _CAPITALS.split(", ")


@verifies("custom:csv_city")
def table_of_cities(text: str, given: Parameters) -> bool:
    rows = list(csv.reader(text.splitlines()))
    return (
        len(rows) == 8 and rows[0] == ["ID", "Country", "City", "Year", "Count"] and all(len(row) == 5 for row in rows)
    )


@verifies("custom:csv_special_character")
def table_with_a_quoted_field(text: str, given: Parameters) -> bool:
    rows = list(csv.reader(text.splitlines(), skipinitialspace=True))
    header = ["ProductID", "Category", "Brand", "Price", "Stock"]
    quoted = any(re.search(r'"[^"\n]*[^\d\w\s"][^"\n]*"', line) for line in text.splitlines()[1:])
    return len(rows) == 15 and rows[0] == header and all(len(row) == 5 for row in rows) and quoted


@verifies("custom:csv_quotes")
def table_all_quoted(text: str, given: Parameters) -> bool:
    rows = [[cell.strip(" ") for cell in line.split("\t")] for line in text.strip("\n").split("\n")]
    header = [cell.strip('"') for cell in rows[0]]
    quoted = all(len(row) == 5 and all(re.fullmatch(r'".*"', cell) for cell in row) for row in rows)
    return len(rows) == 4 and header == ["StudentID", "Subject", "Grade", "Semester", "Score"] and quoted


@verifies("custom:date_format_list")
def dates(text: str, given: Parameters) -> bool:
    try:
        stated = [date.fromisoformat(part.strip()) for part in text.split(",") if len(part.strip()) == 10]
    except ValueError:
        return False
    return len(stated) == len(text.split(",")) and all(1769 <= day.year <= 1821 for day in stated)


def _emoji(char: str) -> bool:
    return unicodedata.category(char) == "So" or char in "\ufe0f\u200d" or "\U0001f3fb" <= char <= "\U0001f3ff"


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
