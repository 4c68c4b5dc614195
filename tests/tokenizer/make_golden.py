#!/usr/bin/env python3
"""Write the golden tokenizer files under tests/golden/tokenizer.

    make_golden.py                    # the tiny tokenizer and what the tokenizers library makes of texts
    make_golden.py --encoder DIR      # also the ids of texts under DIR/tokenizer.json

The tiny tokenizer's pieces and scores come from the formulas below. It is written twice, as
tokenizer.json and as sentencepiece.bpe.model, the second by sentencepiece's own protobuf classes.
Needs: pip install tokenizers sentencepiece protobuf numpy
"""

import argparse
import base64
import io
import json
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as spm
from tokenizers import Tokenizer

OUT = Path(__file__).resolve().parent.parent / "golden" / "tokenizer"
SPACES = [0x9, 0xA, 0xD, 0xA0, 0x200B, 0x200C, 0x3000, 0xFEFF]
COMPOSED = "áéíóúñüçễệ"
EXPANDED = {"㎞": "km", "…": "...", "ﬁ": "fi", "½": "1/2", "Ａ": "A", "！": "!", "e\u0301": "é", "㏂": "a m"}
CHARACTERS = (
    ",.!?'-/()0123456789abcdefghijklmnopqrstuvwxyzABH" + COMPOSED + "абвгдежзийклмнопрст"
    "αβγδελοςנשםו" + "سلامع" + "नमस्तेक" + "中国人你好世界" + "こんにちは" + "안녕하세요" + "สวัดี"
)
LONGER = (
    "▁the ▁cat ▁sat ▁on ▁mat ▁un believ able ing ▁He llo ▁world ▁при вет ▁γε ια ▁नम स्ते 中国 你好 "
    "▁안녕 하세요 ▁سلام ... ▁1 20 ▁a ▁km fi ▁di ▁Việ"
).split()
TEXTS = {
    "Latin": "the cat sat on the mat, unbelievable!",
    "spaces": "  Hello   world \t",
    "Cyrillic": "привет мама",
    "Greek": "γεια δελο",
    "Hebrew": "שלום",
    "Arabic": "سلام عليكم",
    "Devanagari": "नमस्ते कमल",
    "Han": "你好，世界中国人",
    "kana": "こんにちは 世界",
    "Hangul": "안녕하세요 안녕",
    "Thai": "สวัสดี",
    "unknown characters": "the 𝔘𝔫 🐈 cat ⠓",
    "replaced characters": "Ａ cat！ ½㎞… ﬁve ﬁ",
    "a character that becomes two pieces": "1㎞ k㎞",
    "composed letters": "niño über",
    "a combining accent": "cafe\u0301 the",
    "invisible characters": "\ufeffthe\u200bcat \u200c\u3000mat",
    "special tokens in the text": "the <mask> sat</s>on<s><unk>mat<pad>",
    "nearly special tokens": "a <mas<mask>> < mask> <<mask>",
    "only special tokens": "<mask><mask>",
    "NUL": "the\0cat",
    "empty": "",
    "only spaces": " \u3000\u200b ",
    "no-break spaces": "12\u00a0000\u00a0km",
}
ENCODER_TEXTS = {
    "English": "It wasn't what she'd expected: 3,000 km (1,864 miles) later, still nothing!",
    "German": "Übermäßig große Straßenbahnen fahren durchs Zürcher Oberland.",
    "Arabic": "لم يكن هناك أحد في المكتبة عندما وصلت.",
    "Hindi": "मैं कल सुबह बाज़ार जाऊँगा।",
    "Swahili": "Watoto wanacheza mpira nje ya shule.",
    "Chinese": "我们明天早上八点在车站见面，好吗？",
    "Japanese": "昨日は雨が降ったので、家で本を読みました。",
    "Korean": "그는 매일 아침 여섯 시에 일어난다.",
    "Thai": "วันนี้อากาศร้อนมาก",
    "Vietnamese": "Trời hôm nay đẹp quá, chúng ta đi dạo nhé.",
    "Russian": "Поезд опоздал на двадцать минут.",
    "Turkish": "İstanbul'da hava bugün çok güzeldi.",
    "Tamil": "நான் தினமும் காலையில் தேநீர் குடிப்பேன்.",
    "Greek": "Το πλοίο φεύγει στις εννέα.",
    "Georgian": "დილა მშვიდობისა",
    "full width and ligatures": "ＡＢＣ ﬁnd ㎞ ½ …",
    "emoji and rare characters": "🐈‍⬛ naps 𓀀",
    "special tokens in the text": "Paris,<mask>!</s>",  # with spaces, the two libraries differ
    "inner spaces": "two  spaces,\ta tab and\u00a0a no-break space",
    "empty": "",
}
PAIRS = [  # first text, second text or None
    ("the cat sat on the mat", "unbelievable world"),
    ("unbelievable", "the cat sat on the mat on the cat on the mat"),
    ("the cat", ""),
    ("", "the cat sat"),
    ("the <mask> sat on the mat", "中国人你好世界"),
    ("the cat sat on the mat on the cat", None),
]
WORDS = [
    ["the", "cat", "sat", "on", "unbelievable", "mats"],
    ["안녕하세요", "", "12 km", "<mask>", "\u200b", "！"],
]


def tiny_pieces() -> list[tuple[str, float]]:
    """Pieces with scores that no two segmentations share; a longer piece beats its characters."""
    characters = list(dict.fromkeys(CHARACTERS))
    pieces = [("▁", -4.0)]
    pieces += [(piece, -9 - 0.0371 * i) for i, piece in enumerate(characters)]
    pieces += [(piece, -6 - 0.0713 * i) for i, piece in enumerate(LONGER)]
    return [(piece, float(np.float32(score))) for piece, score in pieces]


def charsmap() -> bytes:
    """The rules above, compiled by sentencepiece's trainer (whose pieces aren't used)."""
    rules = {chr(c): " " for c in SPACES} | EXPANDED
    rows = ["\t".join(" ".join(f"{ord(c):X}" for c in side) for side in rule) for rule in rules.items()]
    model = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rules.tsv"
        table.write_text("\n".join(sorted(rows)) + "\n", encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["the cat sat on the mat"] * 9),
            model_writer=model,
            vocab_size=20,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(table),
            minloglevel=2,
        )
    return spm.ModelProto.FromString(model.getvalue()).normalizer_spec.precompiled_charsmap


def tokenizer_json(pieces: list[tuple[str, float]], rules: bytes) -> dict:
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = [[piece, 0.0] for piece in specials] + [list(p) for p in pieces] + [["<mask>", 0.0]]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [*enumerate(specials), (len(vocab) - 1, "<mask>")]

    def template(*parts: str) -> list[dict]:
        kinds = {"A": "Sequence", "B": "Sequence"}
        return [{kinds.get(p, "SpecialToken"): {"id": p, "type_id": 0}} for p in parts]

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": t} | flags for i, t in added],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(rules).decode()},
                {"type": "Strip", "strip_left": False, "strip_right": True},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template("<s>", "A", "</s>"),
            "pair": template("<s>", "A", "</s>", "</s>", "B", "</s>"),
            "special_tokens": {
                t: {"id": t, "ids": [i], "tokens": [t]} for i, t in ((0, "<s>"), (2, "</s>"))
            },
        },
        "decoder": None,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": False},
    }


def sentencepiece_model(pieces: list[tuple[str, float]], rules: bytes) -> bytes:
    model = spm.ModelProto()
    kinds = spm.ModelProto.SentencePiece
    for piece, kind in ("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL):
        model.pieces.add(piece=piece, score=0.0, type=kind)
    for piece, score in pieces:
        model.pieces.add(piece=piece, score=score)
    model.trainer_spec.model_type = spm.TrainerSpec.UNIGRAM
    model.normalizer_spec.precompiled_charsmap = rules
    return model.SerializeToString(deterministic=True)


def columns(text: str, encoding) -> dict:
    """Ids and byte ranges. The library counts characters, gives a lone space piece the character after
    it, and leaves a combining accent out of the range of its letter."""
    byte = [len(text[:i].encode()) for i in range(len(text) + 1)]
    ends = []
    for piece, (begin, end) in zip(encoding.tokens, encoding.offsets):
        end = begin if piece == "▁" else end
        while begin < end < len(text) and unicodedata.combining(text[end]):
            end += 1
        ends.append(byte[end])
    return {"ids": encoding.ids, "begin": [byte[begin] for begin, _ in encoding.offsets], "end": ends}


def window(encoding) -> dict:
    sequence = [-1 if s is None else s for s in encoding.sequence_ids]
    return {"ids": encoding.ids, "sequence": sequence}


def window_cases(tokenizer: Tokenizer) -> list[dict]:
    cases = []
    for a, b in PAIRS:
        specials = 2 if b is None else 4
        for max_tokens in (specials + 1, specials + 2, specials + 7, specials + 8, 17, 64):
            for stride in (None, 0, 3):
                strategy = "longest_first" if stride is None else "only_first" if b is None else "only_second"
                first = len(tokenizer.encode(a, add_special_tokens=False).ids) if b is not None else 0
                if stride is not None and max_tokens - specials - first <= stride:
                    continue  # no room
                tokenizer.enable_truncation(max_tokens, stride=stride or 0, strategy=strategy)
                encoding = tokenizer.encode(a, b)
                tokenizer.no_truncation()
                parts = [encoding] if stride is None else [encoding, *encoding.overflowing]
                case = {"a": a, "b": b, "max_tokens": max_tokens, "stride": stride}
                cases.append(case | {"windows": [window(part) for part in parts]})
    return cases


def word_case(tokenizer: Tokenizer, words: list[str]) -> dict:
    encoding = tokenizer.encode(words, is_pretokenized=True)
    return {"words": words, "ids": encoding.ids, "word": [-1 if w is None else w for w in encoding.word_ids]}


def write(name: str, content: object) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (OUT / name).write_text(text.replace("},{", "},\n{").replace("],[", "],\n[") + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=Path, help="a Hugging Face directory with tokenizer.json")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    pieces, rules = tiny_pieces(), charsmap()
    write("tokenizer.json", tokenizer_json(pieces, rules))
    (OUT / "sentencepiece.bpe.model").write_bytes(sentencepiece_model(pieces, rules))
    tiny = Tokenizer.from_file(str(OUT / "tokenizer.json"))
    texts = [{"name": n, "text": t} | columns(t, tiny.encode(t)) for n, t in TEXTS.items()]
    words = [word_case(tiny, w) for w in WORDS]
    write("cases.json", {"texts": texts, "windows": window_cases(tiny), "words": words})
    if args.encoder:
        tokenizer = Tokenizer.from_file(str(args.encoder / "tokenizer.json"))
        texts = [{"name": n, "text": t, "ids": tokenizer.encode(t).ids} for n, t in ENCODER_TEXTS.items()]
        write("multilingual-e5-small.json", {"texts": texts})


if __name__ == "__main__":
    main()
