"""scripts/mathematics_tables.py: what it writes, without the programs that it asks."""
import importlib.util
import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SPEC = importlib.util.spec_from_file_location("mathematics_tables", ROOT / "scripts/mathematics_tables.py")
tables = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tables)


class MathematicsTablesTest(unittest.TestCase):
    def test_every_table_has_a_filled_block_on_the_page(self):
        page = tables.PAGE.read_text()
        for name in tables.TABLES:
            self.assertEqual(page.count(f"<!-- table: {name} -->\n| "), 1, name)
        self.assertEqual(page.count("<!-- end -->"), len(tables.TABLES))
        self.assertTrue(tables.PICTURE.exists())

    def test_a_table_has_a_line_a_row(self):
        self.assertEqual(tables.table(["a", "b"], [["1", "2"]]), "| a | b |\n| --- | --- |\n| 1 | 2 |\n")

    def test_a_verdict_names_the_budgets_that_are_exceeded(self):
        used = {"budgets": {"flops": {"used": 110}, "params": {"used": 5}, "layers": {"used": 7}}}
        limits = {"flops": {"limit": 100}, "params": {"limit": 5}, "layers": {"limit": None}}
        self.assertEqual(tables.verdict(used, limits), "over its budget: flops 10 %")
        limits["flops"]["limit"] = 110
        self.assertEqual(tables.verdict(used, limits), "feasible")

    def test_every_problem_and_structure_of_the_list_exists(self):
        for problem, arch in tables.PROBLEMS.items():
            self.assertTrue((ROOT / f"configs/design/{problem}.yaml").exists(), problem)
            self.assertTrue(arch is None or (ROOT / f"configs/arch/{arch}.yaml").exists(), arch)


if __name__ == "__main__":
    unittest.main()
