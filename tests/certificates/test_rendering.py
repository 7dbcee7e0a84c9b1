"""The certificate as a file: one accessible page that carries every claim, and loads nothing from elsewhere (C3)."""

import io
import subprocess
from decimal import Decimal

import numpy as np
import page
import pikepdf
import pytest
from PIL import Image

from certificates.rendering import CannotRender, qr_code, render
from certificates.templatetags.certificate_text import hours, in_words, month_day_year, shown_address
from tests.certificates.content import CODE, CONTENT, content, text_of


def letters(text: str) -> str:
    """Without spaces, and without hyphens: pdftotext drops one that stands at the end of a line."""
    return text.replace(" ", "").replace("-", "")


def pages_of(pdf: bytes) -> list[tuple[float, float]]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return [tuple(float(side) for side in sheet.mediabox[2:]) for sheet in opened.pages]


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render(CONTENT)


def test_it_is_one_page_of_letter_landscape(pdf):
    assert pages_of(pdf) == [(792, 612)]


@pytest.mark.parametrize("name", ["O", "Maximiliana Wilhelmina Featherstonehaugh de la Cruz", "W" * 60])
def test_on_a4_too(name, settings):
    settings.PAPER = "a4"
    [(width, height)] = pages_of(render(content(name=name)))
    assert (width, height) == (pytest.approx(841.89, abs=0.01), pytest.approx(595.28, abs=0.01))


def test_every_claim_can_be_searched_and_copied(pdf):
    text = text_of(pdf)
    for claim in (
        "DEPARTMENT OF EXAMPLE EDUCATION",
        "Curriculum and Instruction Branch",
        "Certificate of Completion",
        "Marisol Okafor-Reyes",
        "Peer Coaching Program (2027 program) from January 1, 2027 to August 31, 2027",
        "16 hours of peer coaching on six leadership competencies",
        *CONTENT.competencies,
        "Eleanor Whitfield",
        "State Superintendent of Public Instruction",
        "Issued September 15, 2027",
        "No. 2027-001-0001",
        "Verify at coaching.example.org/verify/",
        CODE,
    ):
        assert claim in text


def test_it_meets_pdf_ua_1(pdf):
    report = page.validate_pdf_bytes(pdf, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    assert report.is_compliant


def test_it_is_tagged_with_language_and_title(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.Root.Lang == "en-US"
        assert bool(opened.Root.MarkInfo.Marked)
        assert str(opened.docinfo.Title) == "Certificate of Completion for Marisol Okafor-Reyes"
        with opened.open_metadata() as metadata:
            assert metadata["dc:title"] == "Certificate of Completion for Marisol Okafor-Reyes"
            assert metadata["pdfuaid:part"] == "1"


def test_every_font_is_embedded(pdf):
    found = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    rows = [line.split() for line in found.splitlines()[2:]]
    assert rows
    assert all(row[-5] == "yes" for row in rows)


@pytest.mark.parametrize(
    "name",
    [
        "O",
        "Maximiliana Wilhelmina Anastasia-Konstantinopoulou Featherstonehaugh de la Cruz Y",
        "Zoë Ñandú-Škvorecký O’Brien d'Ávila",
        "Nguyễn Thị Phương Łukasz Þórðarson",
        "Ada & Bob <b>Lovelace</b>",
    ],
)
def test_any_name_stands_whole_on_one_page(name):
    pdf = render(content(name=name))
    assert len(pages_of(pdf)) == 1
    assert letters(name) in letters(text_of(pdf))
    assert page.is_pdf_compliant_bytes(pdf, profile="ua1")


def test_eighty_letters_without_a_space_wrap_on_one_page():
    pdf = render(content(name="W" * 80))
    assert len(pages_of(pdf)) == 1
    assert text_of(pdf).count("W") == 80 + CONTENT.signatory_name.count("W") * 2


def test_an_arabic_name_stands_on_one_page():
    pdf = render(content(name="محمد عبد الرحمن الهاشمي"))
    assert len(pages_of(pdf)) == 1
    assert "محمد" in text_of(pdf)
    assert page.is_pdf_compliant_bytes(pdf, profile="ua1")


@pytest.mark.parametrize(
    "name", ["山田太郎", "김민준", "陳大文", "欧阳娜娜", "राजेश कुमार", "דוד לוי", "สมชาย ใจดี"]
)
def test_a_name_in_another_script_stands_on_one_page(name):
    """script/bootstrap installs the fonts."""
    pdf = render(content(name=name))
    assert len(pages_of(pdf)) == 1
    assert name in text_of(pdf)
    assert page.is_pdf_compliant_bytes(pdf, profile="ua1")


GOLD, NAVY = (168, 132, 58), (20, 48, 79)


def drawn(pdf: bytes) -> np.ndarray:
    """What stands from the title to the competencies within the frame: two dots to a CSS pixel."""
    part = ["-x", "160", "-y", "540", "-W", "1800", "-H", "460"]
    made = subprocess.run(
        ["pdftoppm", "-r", "192", "-png", *part], input=pdf, capture_output=True, check=True
    )
    return np.asarray(Image.open(io.BytesIO(made.stdout)).convert("RGB"), dtype=int)


def where(picture: np.ndarray, color: tuple[int, ...]) -> np.ndarray:
    return (abs(picture - np.array(color)) <= 60).all(axis=2)


@pytest.mark.parametrize("paper", ["letter", "a4"])
@pytest.mark.parametrize(
    "name",
    [
        "Ty Gjy",
        "Siobhán O'Connor-D'Arcy Nguyễn Thị Ánh",
        "Siobhán O'Connor-D'Arcy Nguyễn Thị Ánh Gyöngyi Szepesházy-Pálffy Zsuzsanna",
        "Gyjqp " * 22 + "Gyjq",
        "Jyqgp" * 16,
        "محمد عبد الرحمن القحطاني جميل حسيني",
        "सुश्री लक्ष्मी प्रियदर्शिनी कुमारी",
        "ณัฐฐินันท์ สุขสวัสดิ์กุล",
        "欧阳娜娜 龍一郎 鷹野",
    ],
)
def test_the_rule_below_a_name_touches_no_letter_and_is_no_shorter(name, paper):
    picture = drawn(render(content(name=name), paper=paper))
    gold, ink = where(picture, GOLD), where(picture, NAVY)
    rule = int(gold.sum(axis=1).argmax())
    along = np.flatnonzero(gold[rule])
    assert len(along) > 1300
    assert not ink[rule - 4 : rule + 5].any()
    of_the_name = np.flatnonzero(ink[rule - 60 : rule].any(axis=0))
    assert along[0] < of_the_name[0]
    assert of_the_name[-1] < along[-1]


def test_a_letter_that_no_font_can_write_is_refused_not_boxed():
    with pytest.raises(CannotRender, match="No installed font can write “\U0010fffd”"):
        render(content(name="Ada \U0010fffd"))


def test_a_name_too_long_for_the_page_is_refused_not_cut():
    with pytest.raises(CannotRender, match="too long for one page"):
        render(content(name="Bartholomew " * 60))


def test_too_many_competencies_for_the_page_are_refused_not_cut():
    with pytest.raises(CannotRender, match="too long for one page"):
        render(content(competencies=CONTENT.competencies * 6))


@pytest.mark.parametrize("field", ["name", "program", "cohort", "signatory_name", "serial", "code"])
def test_an_empty_claim_is_refused(field):
    with pytest.raises(CannotRender, match=f"has no {field.replace('_', ' ')}"):
        render(content(**{field: "  "}))


def test_the_signature_picture_is_on_it_and_described():
    picture = io.BytesIO()
    Image.new("RGB", (300, 90), "navy").save(picture, "PNG")
    pdf = render(content(signature=picture.getvalue()))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        images = [
            o for o in opened.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"
        ]
        described = [str(o.Alt) for o in opened.objects if isinstance(o, pikepdf.Dictionary) and "/Alt" in o]
    assert [(image.Width, image.Height) for image in images] == [(300, 90)]
    assert "Signature of Eleanor Whitfield" in described
    assert page.is_pdf_compliant_bytes(pdf, profile="ua1")


def test_without_a_picture_the_name_stands_in_its_place(pdf):
    assert text_of(pdf).count("Eleanor Whitfield") == 2


def test_a_delegate_is_named_beside_the_superintendent():
    text = text_of(render(content(approved_by="Daniel Ortiz, delegate of the State Superintendent")))
    assert "Eleanor Whitfield" in text
    assert "Approved by Daniel Ortiz, delegate of the State Superintendent" in text


def test_a_sample_says_so_and_bears_no_signature():
    pdf = render(content(sample=True))
    text = text_of(pdf)
    assert text.startswith("Sample: not a certificate")
    assert text.count("Eleanor Whitfield") == 1
    assert page.is_pdf_compliant_bytes(pdf, profile="ua1")


def test_the_qr_code_is_drawn_as_paths_without_scripts_or_links():
    drawing = qr_code(CONTENT.verification_address).decode()
    assert drawing.startswith("<svg ")
    assert "<path" in drawing
    assert "href" not in drawing
    assert "<script" not in drawing


def test_words_on_the_certificate():
    assert [hours(Decimal(amount)) for amount in ("1", "16", "15.50", "100", "0.25")] == [
        "1 hour",
        "16 hours",
        "15.5 hours",
        "100 hours",
        "0.25 hours",
    ]
    assert [in_words(count) for count in (1, 6, 12, 13)] == ["one", "six", "twelve", "13"]
    assert month_day_year(CONTENT.issued_date) == "September 15, 2027"
    assert shown_address("https://a.example.org/verify/abc") == "a.example.org/verify/"
