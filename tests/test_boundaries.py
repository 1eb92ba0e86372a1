"""The seams of the code base, checked in fresh interpreters that refuse the other side's libraries."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
HEAVY = ["torch", "cv2", "librosa", "mediapipe", "av"]
WEB = ["django", "channels", "dramatiq", "redis", "ninja", "stripe", "apps"]
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 500


def python_files(*folders: str) -> list[Path]:
    return sorted(p for f in folders for p in (REPO / f).rglob("*.py") if "migrations" not in p.parts)


def module_name(path: Path) -> str:
    parts = path.relative_to(REPO).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_all_refusing(modules: list[str], refused: list[str], *, before: str = "") -> subprocess.CompletedProcess:
    script = f"""
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused!r}:
            raise ImportError("boundary crossed: " + name)
sys.meta_path.insert(0, Refuse())
{before}
for name in {modules!r}:
    importlib.import_module(name)
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPO, timeout=120)


def test_the_engine_composition_and_training_import_without_the_web_side():
    files = python_files("worker/engine", "worker/compose", "worker/train")
    modules = [module_name(p) for p in files if p.stem != "__main__"]
    done = import_all_refusing(modules, WEB)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_site_imports_without_the_engine_or_its_libraries():
    modules = [module_name(p) for p in python_files("apps") if p.name != "wsgi.py"]
    setup = "import os; os.environ['DJANGO_SETTINGS_MODULE']='apps.config.settings'\nimport django\ndjango.setup()"
    done = import_all_refusing(modules, [*HEAVY, "worker"], before=setup)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_contracts_need_only_the_standard_library():
    allowed = set(sys.stdlib_module_names) | {"worker"}
    for name in ("contracts.py", "failures.py"):
        tree = ast.parse((REPO / "worker/engine" / name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {a.name.split(".")[0] for a in node.names} <= allowed
            if isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] in allowed


@pytest.mark.parametrize("folder", ["apps", "worker"])
def test_no_function_and_no_file_grows_past_what_one_head_holds(folder):
    too_long = []
    for path in python_files(folder):
        text = path.read_text()
        if text.count("\n") > MAX_FILE_LINES:
            too_long.append(f"{path.relative_to(REPO)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    too_long.append(f"{path.relative_to(REPO)}:{node.lineno} {node.name}: {lines} lines")
    assert not too_long, "\n".join(too_long)


def test_nothing_tracked_names_a_path_of_one_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=REPO)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    marks = [("/" + "root/").encode(), ("/" + "work/main").encode(), ("/" + "work/shared").encode()]
    guilty = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = REPO / name
        if path.suffix in {".py", ".md", ".html", ".js", ".css", ".toml", ".txt", ".yml", ".json"} and path.is_file():
            data = path.read_bytes()
            guilty += [f"{name}: {mark.decode()}" for mark in marks if mark in data]
    assert not guilty, guilty
