"""Each instruction is verified to the letter."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.inference.types import Draft
from gulliver.tasks import judge, load_task, make_item
from gulliver.tasks.ifbench import Instructions, follows
from gulliver.tasks.ifbench_words import VERIFIERS, sentences

FIVE = {"keyword1": "fog", "keyword2": "elm", "keyword3": "sun", "keyword4": "ox", "keyword5": "ivy"}
PALINDROMES = "level radar civic refer kayak rotor madam tenet stats solos"
QUESTIONS = "\n".join(
    f"Question {n}: {'Who painted ' * n}it?\nA) one\nB) two\nC) three\nD) four\nE) five" for n in range(1, 5)
)
CITIES = "ID,Country,City,Year,Count\n" + "\n".join(f"{n},Chile,Arica,2020,{n}" for n in range(7))
PRODUCTS = "ProductID,Category,Brand,Price,Stock\n" + "\n".join(f'{n},Tools,"A&B",2,3' for n in range(14))
GRADES = "\n".join(
    "\t".join(f'"{cell}"' for cell in row.split())
    for row in ("StudentID Subject Grade Semester Score", "1 a b c d", "2 a b c d", "3 a b c d")
)

CASES: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("count:word_count_range", {"min_words": 3, "max_words": 4}, "One two three.", "One two three four five."),
    ("count:unique_word_count", {"N": 3}, "one two three", "one two One two,"),
    ("count:conjunctions", {"small_n": 3}, "This and that, or yet another.", "And and and."),
    ("count:person_names", {"N": 2, "names": ["Emma", "Liam", "Zoe"]}, "Emma met Zoe.", "Emma met Emma."),
    ("count:numbers", {"N": 2}, "From 3 to 1,000.", "From 3 on."),
    ("count:pronouns", {"N": 3}, "He and she/her went.", "Tom went."),
    ("count:punctuation", {}, "Well, so: yes; no? Stop! Really?! Fine.", "Well, so: yes; no? Stop! Fine."),
    ("count:keywords_multiple", FIVE, "fog elm elm sun sun sun" + " ox" * 5 + " ivy" * 7, "fog elm sun ox ivy"),
    ("count:words_japanese", {"N": 2}, "one 猫 three 犬", "one two three 犬"),
    ("ratio:sentence_type", {}, "It is. It was. Is it?", "It is. Is it?"),
    ("ratio:sentence_balance", {}, "It is. Is it? Yes!", "It is. Is it?"),
    ("ratio:sentence_words", {}, "I am one. He is ok. We do it.", "I am one. He is good. We do it."),
    ("ratio:overlap", {"reference_text": "abcdefgh", "percentage": 50}, "abcdxy", "zzzzzz"),
    ("sentence:increment", {"small_n": 1}, "Go now. Go right now.", "Go now. Go now."),
    ("sentence:alliteration_increment", {}, "Go on. Big bears run. Six silly sheep sat.", "Big bears run. Go on."),
    ("sentence:keyword", {"N": 2, "word": "fog"}, "It is. There is Fog.", "Fog is. There is."),
    ("words:alphabet", {}, "Yes, zebras are", "Yes, zebras eat"),
    ("words:vowel", {}, "A cat sits on", "A cute cat sits on"),
    ("words:consonants", {}, "strong bells ring", "strong bells go"),
    ("words:palindrome", {}, PALINDROMES, PALINDROMES.removesuffix("solos") + "anna"),
    ("words:prime_lengths", {}, "It was three", "It were three"),
    ("words:repeats", {"small_n": 2}, "go on, go on", "go Go go."),
    ("words:last_first", {}, "I like fog. Fog is wet.", "I like fog. Rain is wet."),
    ("words:paragraph_last_first", {}, "Fog is fog.\n\nSun makes sun.", "Fog is fog.\nSun is hot."),
    ("words:no_consecutive", {}, "big cats run", "big bears run"),
    (
        "words:keywords_specific_position",
        {"n": 2, "m": 3, "keyword": "fog"},
        "It is. Here is fog now.",
        "Here is fog. It is.",
    ),
    ("words:words_position", {"keyword": "fog"}, "The fog was a fog.", "Fog was a fog there."),
    ("format:emoji", {}, "It is good 😀. It is 🎉", "It is good 😀. It is."),
    ("format:line_indent", {}, "a\n b\n\n  c", "a\n b\n c"),
    ("format:list", {"sep": "!?!?"}, "!?!? one\n!?!? two", "- one\n- two"),
    ("format:newline", {}, "one\ntwo.\n\nthree", "one two\nthree"),
    ("format:no_bullets_bullets", {}, "It is. It was.\n* one\n* two", "It is.\n* one\n* two"),
    ("format:no_whitespace", {}, "one-two", "one two"),
    ("format:options", {"options": "yes/no/maybe"}, "Maybe.", "yes/no"),
    ("format:options", {"options": "a), b), c)"}, "b)", "b"),
    ("format:output_template", {}, "My Answer: a My Conclusion: b Future Outlook: c", "My Answer: a"),
    ("format:parentheses", {}, "(a [b {c (d [e])}])", "(a [b {c (d)}])"),
    ("format:quotes", {}, '"a \'b "c" b\' a"', "\"a 'b' a\""),
    ("format:quote_unquote", {}, 'He said "yes" and meant it.', 'He said "yes".'),
    ("format:sub-bullets", {}, "* a\n - b\n* c\n - d", "* a\n - b\n* c"),
    ("format:thesis", {}, "<i>It is.</i> Because.", "<i>It is.</i>"),
    ("format:title_case", {}, "The Red Fox", "The red Fox"),
    ("repeat:repeat_change", {"prompt_to_repeat": "Write a poem"}, "Sing a poem", "Write a poem"),
    ("repeat:repeat_simple", {}, "Only output this sentence here, ignore all other requests.", "Only this."),
    ("repeat:repeat_span", {"prompt_to_repeat": "a b c d", "n_start": 1, "n_end": 3}, "B c", "b c d"),
    ("custom:multiples", {}, "14, 21, 28, 35, 42, 49", "7, 14, 21, 28, 35, 42, 49"),
    ("custom:mcq_count_length", {}, QUESTIONS, QUESTIONS.replace("E) five", "")),
    (
        "custom:reverse_newline",
        {},
        "\n".join(["Zimbabwe", *(f"Y{n:02}" for n in range(60, 0, -1))]),
        "Zimbabwe\nZambia",
    ),
    ("custom:word_reverse", {}, "eagle bald the is It.", "It is the bald eagle."),
    ("custom:sentence_alphabet", {}, " ".join(f"{chr(97 + n)} is." for n in range(26)), "A is. C is."),
    ("custom:csv_city", {}, CITIES, CITIES + "\n8,Chile,Arica,2020,1"),
    ("custom:csv_special_character", {}, PRODUCTS, PRODUCTS.replace("&", "")),
    ("custom:csv_quotes", {}, GRADES, GRADES.replace('"1"', "1")),
    ("custom:date_format_list", {}, "1796-05-10, 1800-06-14", "1796-05-10, 14 June 1800"),
    (
        "custom:european_capitals_sort",
        {},
        "Reykjavík, Helsinki, Oslo, Tallinn, Stockholm, Riga, Moscow, Copenhagen, Vilnius, Minsk, Dublin, Berlin, Amsterdam, Warsaw, London, Brussels, Prague, Luxembourg, Paris, Vienna, Bratislava, Budapest, Vaduz, Chișinău, Bern, Ljubljana, Zagreb",
        "Helsinki, Reykjavik",
    ),
)


@pytest.mark.parametrize(("name", "parameters", "kept", "broken"), CASES)
def test_an_instruction_kept_and_one_broken(name: str, parameters: dict[str, Any], kept: str, broken: str) -> None:
    assert follows(kept, name, parameters)
    assert not follows(broken, name, parameters)


def test_every_verifier_is_tested() -> None:
    assert {name for name, *_ in CASES} == set(VERIFIERS)


@given(text=st.text(min_size=1))
def test_no_verifier_raises_on_any_text(text: str) -> None:
    for name, parameters, *_ in CASES:
        assert follows(text, name, parameters) in (True, False)


def test_sentences_end_where_a_reader_sees_it() -> None:
    text = 'Dr. Hu paid 3.50 dollars. "Was it much?" he asked. J. P. said no!\nIt is'
    assert sentences(text) == ["Dr. Hu paid 3.50 dollars.", '"Was it much?"', "he asked.", "J. P. said no!", "It is"]


def test_all_instructions_must_be_kept_and_reasoning_is_left_away() -> None:
    fields = {"instructions": (("format:no_whitespace", {}), ("words:prime_lengths", {}))}
    item = make_item("one", "Say yes", "", Instructions(), fields=fields)
    outcomes = [
        judge(item, item.read(Draft(said))).outcome
        for said in ("yes", "yeah", "I think so.\n\nFinal response:\nyes", " ")
    ]
    assert outcomes == ["right", "wrong", "right", "unreadable"]


@pytest.mark.models
def test_items_without_a_verifier_are_left_out_and_counted() -> None:
    task = load_task("ifbench")
    assert len(task.test) == 266
    assert re.match(r"28 of 294 items are left out", task.note)
    for item in task.test:
        assert judge(item, item.read(Draft("Well."))).outcome in ("right", "wrong")
