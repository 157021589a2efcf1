#!/usr/bin/env python3
"""Every page, section, anchor and source file that a source file or a page refers to exists.

Checked are paths below docs/ anywhere in the text, the sections cited after one (`, section 4`, `, sections 2.1 to 2.3`), and in Markdown pages the links with their anchors and the
source files in backticks.
"""

import os
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["base", "mad", "models", "data", "train", "cli", "tests", "scripts", "cmake", "configs", "docs"]
SUFFIXES = {".h", ".cc", ".cu", ".py", ".sh", ".cmake", ".txt", ".yaml", ".md"}
CITATION = re.compile(r"(docs/[\w./+-]*\w\.md)(#[\w-]+)?(?:\)|`)?(?:, sections? (\d[\d.]*(?:(?:, | and | to )\d[\d.]*)*))?")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE = re.compile(r"`((?:%s)/[\w./+-]+\.(?:h|cc|py|sh|yaml))`" % "|".join(FOLDERS))
NOT_THERE = re.compile(r"[A-Z]{3}|^mad/blocks/fused_bottleneck\.cc$")  # names to fill in; the block that docs/blocks.md has the reader write
LINE_JOIN = re.compile(r"\n[ \t]*(?://+|#)?[ \t]*")  # a comment that goes on in the next line


def headings(page):
    """The headings of a page, without those that stand in code."""
    found, in_code = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            in_code = not in_code
        elif not in_code and (match := re.match(r"#+ (.*)", line)):
            found.append(match.group(1))
    return found


def sections(page):
    return {match.group(1) for title in headings(page) if (match := re.match(r"(\d+(?:\.\d+)*)\.? ", title))}


def anchors(page):
    """As GitHub makes them from headings."""
    found = set()
    for title in headings(page):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.add(next(name for name in [slug] + [f"{slug}-{i}" for i in range(1, 100)] if name not in found))
    return found


def citation_faults(root, text):
    for path, anchor, cited in CITATION.findall(LINE_JOIN.sub(" ", text)):
        page = root / path
        if not page.is_file():
            yield f"no page {path}"
            continue
        if anchor and anchor[1:] not in anchors(page):
            yield f"no heading {anchor} in {path}"
        for section in re.findall(r"\d+(?:\.\d+)*", cited):
            if section not in sections(page):
                yield f"no section {section} in {path}"


def link_faults(root, source, text):
    for target in LINK.findall(text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        page = (source.parent / path).resolve() if path else source
        if not page.exists():
            yield f"no file {target}"
        elif anchor and anchor not in anchors(page):
            yield f"no heading #{anchor} in {path or source.name}"


def source_faults(root, text):
    for path in SOURCE.findall(text):
        if not NOT_THERE.search(path) and not (root / path).is_file():
            yield f"no file {path}"


def texts(root):
    yield from sorted(root.glob("*.md"))
    for folder in FOLDERS:
        for parent, folders, names in os.walk(root / folder):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            yield from (pathlib.Path(parent, name) for name in sorted(names) if pathlib.Path(name).suffix in SUFFIXES)


def faults(root):
    """All faults below a root, a line each, and the number of files looked at."""
    found, count = [], 0
    for source in texts(root):
        text = source.read_text(encoding="utf-8", errors="replace")
        here = list(citation_faults(root, text))
        if source.suffix == ".md":
            here += link_faults(root, source, text)
            here += source_faults(root, text) if source.name != "CHANGELOG.md" else []  # which tells of files that are gone
        found += [f"{source.relative_to(root)}: {fault}" for fault in here]
        count += 1
    return found, count


class DocLinks(unittest.TestCase):
    def test_all_resolve(self):
        found, count = faults(ROOT)
        self.assertEqual(found, [], "\n".join(found))
        self.assertGreater(count, 500)

    def test_finds_what_does_not_resolve(self):
        page = "docs" + "/page.md"  # in two parts: this file is checked too
        comment = {
            f"// {page}, section 2.1.": [],
            f"// ({page},\n// sections 1, 2.1 and 3)": [f"no section 3 in {page}"],
            f"// {page}, sections 4 to 2": [f"no section 4 in {page}"],
            f"# {page}#1-first": [],
            f"# {page}#first": [f"no heading #first in {page}"],
            "// docs" + "/other.md": ["no page docs" + "/other.md"],
        }
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / page).write_text("# A page\n## 1. First\n## 2. Second, `again`\n### 2.1 Part\n```\n# 3. code\n```\n")
            for text, expected in comment.items():
                with self.subTest(text):
                    self.assertEqual(list(citation_faults(root, text)), expected)
            source = root / "README.md"
            source.write_text("# Top\n")
            for link, expected in {
                f"[a]({page}#2-second-again) [b](https://example.org/none) [c](#top)": [],
                f"[a]({page}#3-code)": [f"no heading #3-code in {page}"],
                "[a](none.md)": ["no file none.md"],
                "[a](#bottom)": ["no heading #bottom in README.md"],
            }.items():
                with self.subTest(link):
                    self.assertEqual(list(link_faults(root, source, link)), expected)
            self.assertEqual(list(source_faults(root, "`data/none.h`, `data/*.h`, `none.h`")), ["no file data/none.h"])
            source.write_text("[a](none.md)\n")
            self.assertEqual(faults(root), (["README.md: no file none.md"], 2))


if __name__ == "__main__":
    sys.exit(unittest.main())
