"""中文 and English are complete: every sentence of the pages stands in the English catalogue, placeholders equal."""

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po

XIETONG = Path(__file__).parents[3] / "xietong"
WEB = XIETONG / "web"
ENGLISH = XIETONG / "locale" / "en" / "LC_MESSAGES" / "django.po"
TRANSLATE = re.compile(r'{%\s*translate\s+"([^"]*)"')
BLOCK = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
HAN = re.compile(r"[\u4e00-\u9fff]")


def in_templates() -> set[str]:
    found = set()
    for path in WEB.glob("templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        found |= set(TRANSLATE.findall(text))
        found |= {re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", block) for block in BLOCK.findall(text)}
    return found


def in_code() -> set[str]:
    found = set()
    for path in WEB.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("gettext", "gettext_lazy", "_"):
                continue
            argument = node.args[0]
            assert isinstance(argument, ast.Constant), f"{path.name}: a sentence must be written out, not computed"
            found.add(str(argument.value))
    return found


def english() -> dict[str, str]:
    with ENGLISH.open(encoding="utf-8") as file:
        return {str(each.id): str(each.string) for each in read_po(file, abort_invalid=True) if each.id}


def placeholders(sentence: str) -> list[str]:
    return sorted(re.findall(r"%\((\w+)\)s|{(\w*)}", sentence))


def test_every_sentence_is_in_english_and_none_is_left_over() -> None:
    catalogue = english()
    wanted = in_templates() | in_code()
    assert len(wanted) > 80
    assert sorted(wanted - set(catalogue)) == []
    assert sorted(set(catalogue) - wanted) == []
    assert [key for key, text in catalogue.items() if not text.strip()] == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    differing = [key for key, text in english().items() if placeholders(key) != placeholders(text)]
    assert differing == []


def test_english_sentences_hold_no_chinese() -> None:
    assert [text for text in english().values() if HAN.search(text)] == []


def test_no_chinese_stands_in_a_template_outside_a_translated_sentence() -> None:
    for path in WEB.glob("templates/web/*.html"):
        text = BLOCK.sub("", path.read_text(encoding="utf-8"))
        text = TRANSLATE.sub("", text).replace("协同", "").replace(">中文<", "")
        assert not HAN.search(text), path.name
