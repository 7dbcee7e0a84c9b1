"""Finishes a certificate's file: PDF/A-3a and PDF/UA-1 at once, with a backdrop and a tagged, empty place for the seal.

WeasyPrint writes one standard only and signs nothing. Here the last objects are added just before it writes the file, so
that a sealed certificate is a single revision: nothing is appended to it, and any update shows.
"""

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pydyf

from certificates import artwork
from certificates.apart_child import NAME

if TYPE_CHECKING:
    from weasyprint import Document

VARIANT = "pdf/a-3a"
FIELD = "Seal"
# Numbers of ten digits, to be overwritten once the places are known.
BYTE_RANGE = b"[0 9999999991 9999999992 9999999993]"
PLAIN = ("/Metadata", "/EmbeddedFile")  # streams that anybody can read
BEYOND_LATIN = "\u0300"  # the combining marks, and all that comes after them
PRINTED_AND_LOCKED = 4 + 128  # flags of an annotation


@dataclass(frozen=True)
class Paper:
    """In CSS pixels: 96 to the inch."""

    width: int
    height: int

    @property
    def seal_at(self) -> tuple[float, float]:
        """The left upper corner of the drawn seal."""
        return (self.width - artwork.SEAL_WIDTH) / 2, self.height - 241


@dataclass(frozen=True)
class Place:
    """For a seal: the bytes that its signature may take, whose it is, when, and why."""

    size: int
    name: str
    made_at: datetime
    reason: str

    @property
    def gap(self) -> bytes:
        return b"<" + b"0" * (2 * self.size) + b">"


def finisher(
    paper: Paper, place: Place | None, *, name: str, claims: bytes
) -> "Callable[[Document, Any], None]":
    """`name`: the text of the paragraph after the heading. `claims`: JSON. Without a place for a seal: a sample."""

    def finish(document: "Document", pdf: pydyf.PDF) -> None:
        page = _at(pdf, pdf.page_references[0])
        _say_that_it_is_accessible(pdf)
        if _is_drawn_out_of_order(name):
            _say_the_name(pdf, page, name)
        draw_behind(pdf, pdf.page_references[0], paper)
        if place:
            _attach(pdf, _unlike_pdf(claims, rb"\u%04x"), place.made_at)
            _make_place(pdf, page, paper, place)
        _hide_words_of_pdf(pdf)
        _pack_streams(pdf)

    return finish


def _at(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _added(pdf: pydyf.PDF, thing: Any) -> Any:
    pdf.add_object(thing)
    return thing


# PDF/A asks for a description of each property that is not its own (ISO 19005-3, 6.6.2.3).
_ACCESSIBLE = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>\
</rdf:Description><rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289 that the file keeps</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>\
"""


def _say_that_it_is_accessible(pdf: pydyf.PDF) -> None:
    metadata = _at(pdf, pdf.catalog["Metadata"])
    words, end = metadata.stream[0], b"</rdf:RDF>"
    metadata.stream = [words.replace(end, _ACCESSIBLE + end, 1)]


def _is_drawn_out_of_order(name: str) -> bool:
    """What runs from right to left is read rightly by its glyphs, and backwards by its text in some readers."""
    return any(letter >= BEYOND_LATIN for letter in name) and not any(
        unicodedata.bidirectional(letter) in ("R", "AL") for letter in name
    )


def _say_the_name(pdf: pydyf.PDF, page: Any, name: str) -> None:
    """As it is written, whatever its glyphs say, to who searches, copies or listens (ISO 32000-1, 14.9.4).

    Letters that are drawn above, below or before others are otherwise read where they stand.
    """
    text = pydyf.String(name)
    paragraph = _paragraph_of_name(pdf)
    paragraph["ActualText"] = text
    lines = set(_marked(pdf, paragraph))
    for part in _at(pdf, page["Contents"]).stream:
        if isinstance(part, pydyf.Dictionary) and part.get("MCID") in lines:
            part["ActualText"] = text  # all of it with the first line, and nothing with the others
            text = pydyf.String("")


def _marked(pdf: pydyf.PDF, part: Any) -> Iterator[int]:
    """The marks in the page of all that is in this part."""
    for kid in part["K"]:
        if isinstance(kid, int):
            yield kid
        else:
            yield from _marked(pdf, _at(pdf, kid))


def _paragraph_of_name(pdf: pydyf.PDF) -> Any:
    """The second one after the heading: see certificates/certificate.html."""
    root = _at(pdf, pdf.catalog["StructTreeRoot"])
    for part in _at(pdf, root["K"][0])["K"]:
        kinds = [_at(pdf, each)["S"] for each in _at(pdf, part)["K"] if isinstance(each, bytes)]
        if "/H1" in kinds:
            return _at(pdf, _at(pdf, part)["K"][kinds.index("/H1") + 2])
    raise LookupError("The certificate has no heading.")


@cache
def _packed(paper: Paper) -> bytes:
    return zlib.compress(artwork.backdrop(paper.width, paper.height, *paper.seal_at), 9)


def draw_behind(pdf: pydyf.PDF, reference: bytes, paper: Paper) -> None:
    """The drawings, packed once for all certificates, as the first thing on the page; decoration to a screen reader."""
    page = _at(pdf, reference)
    width, height = paper.width * 0.75, paper.height * 0.75
    drawing = pydyf.Stream(
        [_packed(paper)],
        {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pydyf.Array([0, 0, width, height]),
            "Resources": pydyf.Dictionary(),
            "Filter": "/FlateDecode",
        },
    )
    _at(pdf, page["Resources"])["XObject"]["Backdrop"] = _added(pdf, drawing).reference
    _at(pdf, page["Contents"]).stream.insert(0, b"/Artifact BMC q /Backdrop Do Q EMC")


def _attach(pdf: pydyf.PDF, claims: bytes, made_at: datetime) -> None:
    """What is printed, for programs: an associated file (ISO 19005-3, 6.8), as plain text that needs no PDF library."""
    date = pydyf.String(f"D:{made_at:%Y%m%d%H%M%S}Z")
    stream = _added(
        pdf,
        pydyf.Stream(
            [claims],
            {
                "Type": "/EmbeddedFile",
                "Subtype": "/application#2Fjson",
                "Params": pydyf.Dictionary({"Size": len(claims), "ModDate": date}),
            },
        ),
    )
    file_name = pydyf.String(NAME)
    attached = _added(
        pdf,
        pydyf.Dictionary(
            {
                "Type": "/Filespec",
                "F": file_name,
                "UF": file_name,
                "EF": pydyf.Dictionary({"F": stream.reference, "UF": stream.reference}),
                "Desc": pydyf.String("What this certificate says, for programs"),
                "AFRelationship": "/Data",
            }
        ),
    )
    names = pdf.catalog.setdefault("Names", pydyf.Dictionary())
    names["EmbeddedFiles"] = pydyf.Dictionary({"Names": pydyf.Array([file_name, attached.reference])})
    pdf.catalog["AF"] = pydyf.Array([attached.reference])


def _make_place(pdf: pydyf.PDF, page: Any, paper: Paper, place: Place) -> None:
    """A certification signature that allows no change (ISO 32000-1, 12.8.2.2), in a field that covers the drawn seal and
    is read out; what it holds comes later."""
    transform = pydyf.Dictionary({"Type": "/TransformParams", "P": 1, "V": "/1.2"})
    reference = pydyf.Dictionary(
        {"Type": "/SigRef", "TransformMethod": "/DocMDP", "TransformParams": transform}
    )
    signature = _added(
        pdf,
        pydyf.Dictionary(
            {
                "Type": "/Sig",
                "Filter": "/Adobe.PPKLite",
                "SubFilter": "/ETSI.CAdES.detached",
                "ByteRange": BYTE_RANGE,
                "Contents": place.gap,
                "M": pydyf.String(f"D:{place.made_at:%Y%m%d%H%M%S}Z"),
                "Name": pydyf.String(place.name),
                "Reason": pydyf.String(place.reason),
                "Reference": pydyf.Array([reference]),
            }
        ),
    )
    field = _field(pdf, page, paper, f"Electronic seal of the {place.name}")
    field["V"] = signature.reference
    pdf.catalog["AcroForm"] = pydyf.Dictionary({"Fields": pydyf.Array([field.reference]), "SigFlags": 3})
    pdf.catalog["Perms"] = pydyf.Dictionary({"DocMDP": signature.reference})


def _field(pdf: pydyf.PDF, page: Any, paper: Paper, said: str) -> Any:
    left, top = paper.seal_at
    sides = left, paper.height - top - artwork.SEAL_HEIGHT, left + artwork.SEAL_WIDTH, paper.height - top
    empty = {
        "Type": "/XObject",
        "Subtype": "/Form",
        "BBox": pydyf.Array([0, 0, 1, 1]),
        "Resources": pydyf.Dictionary(),
    }
    on_page = pdf.page_references[0]
    root = _at(pdf, pdf.catalog["StructTreeRoot"])
    tree, whole = _at(pdf, root["ParentTree"]), _at(pdf, root["K"][0])
    number = max(tree["Nums"][::2]) + 1
    field = _added(
        pdf,
        pydyf.Dictionary(
            {
                "Type": "/Annot",
                "Subtype": "/Widget",
                "FT": "/Sig",
                "T": pydyf.String(FIELD),
                "TU": pydyf.String(said),
                "F": PRINTED_AND_LOCKED,
                "Rect": pydyf.Array([f"{side * 0.75:.2f}" for side in sides]),
                "P": on_page,
                "AP": pydyf.Dictionary({"N": _added(pdf, pydyf.Stream([], empty)).reference}),
                "StructParent": number,
            }
        ),
    )
    pointer = pydyf.Dictionary({"Type": "/OBJR", "Obj": field.reference, "Pg": on_page})
    element = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Form",
            "Alt": pydyf.String(said),
            "K": pydyf.Array([_added(pdf, pointer).reference]),
            "Pg": on_page,
            "P": whole.reference,
        }
    )
    whole["K"].append(_added(pdf, element).reference)
    tree["Nums"] += [number, element.reference]
    page["Annots"] = pydyf.Array([field.reference])
    return field


# A letter of each word by which seals, and the parts of a file, are found without reading it as a PDF.
_WORDS_OF_PDF = re.compile(
    rb"(?<=/)B(?=yteRange)|(?<=e)n(?=dstream|dobj)|(?<=%)%(?=EOF)|(?<=s)t(?=artxref)|(?<=t)r(?=ailer)"
)


def _unlike_pdf(text: bytes, form: bytes) -> bytes:
    """The same text with such words written otherwise, if a name has them: what is read and printed stays. `form`: how the
    number of a letter is written in its place."""
    return _WORDS_OF_PDF.sub(lambda found: form % ord(found[0]), text)


def _hide_words_of_pdf(pdf: pydyf.PDF) -> None:
    metadata = _at(pdf, pdf.catalog["Metadata"])
    metadata.stream = [_unlike_pdf(metadata.stream[0], b"&#%d;")]
    for thing in (pdf.info, *pdf.objects):
        if isinstance(thing, pydyf.Dictionary):
            for key, value in thing.items():
                if isinstance(value, pydyf.String):
                    thing[key] = _unlike_pdf(value.data, rb"\%03o")


class _Packed(pydyf.Stream):
    """A stream whose bytes are made once, although the file's identifier is made of them too.

    Where the last of them is a carriage return, the line feed before "endstream" could be taken for the second half of one
    line end, and the stream for a byte shorter than it says: a whole line end follows then.
    """

    def __init__(self, stream: pydyf.Stream) -> None:
        super().__init__()
        self.number, self.generation = stream.number, stream.generation
        stream.compress = "Filter" not in stream.extra and stream.extra.get("Type") not in PLAIN
        made, end = stream.data, b"\nendstream"
        self._made = made.removesuffix(end) + b"\r" + end if made.endswith(b"\r" + end) else made

    @property
    def data(self) -> bytes:
        return self._made


def _pack_streams(pdf: pydyf.PDF) -> None:
    """All but what is looked for without a PDF library. The other objects stay readable: a signature is
    put among them."""
    for number, thing in enumerate(pdf.objects):
        if isinstance(thing, pydyf.Stream):
            pdf.objects[number] = _Packed(thing)
