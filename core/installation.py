"""An installation is one folder (`--data DIR`): its stores, its secret, who is running in it."""

from __future__ import annotations

import os
from pathlib import Path

from core.crypto import new_secret
from core.errors import StartError


class Installation:
    """Names every path below the data folder, so that no other file has to know the layout."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.log_db = self.root / "log.db"
        self.record_db = self.root / "record.db"
        self.lake = self.root / "lake"
        self.feast = self.root / "feast"
        self.mlflow = self.root / "mlflow"
        self.releases = self.root / "releases"
        self.cases = self.root / "cases"
        self.redis = self.root / "redis"
        self.run = self.root / "run"
        self.logs = self.root / "logs"
        self.settings_file = self.root / "leadline.yaml"

    def create(self) -> Installation:
        """Makes the folders that are missing. StartError when the disk or the rights refuse."""
        folders = (self.lake, self.feast, self.mlflow, self.releases, self.redis, self.run)
        try:
            for folder in (self.root, *folders, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as problem:
            raise StartError(
                f"cannot use {self.root} as data folder: {problem.strerror or problem}",
                do="name a folder that you may write to with --data, or free some space",
            ) from problem
        return self

    def exists(self) -> bool:
        return self.record_db.exists()

    def secret(self) -> bytes:
        """32 bytes, made once; identifiers and lead ids are keyed with them, so keep the file."""
        path = self.root / "secret"
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return self._read_secret(path)
        except OSError as problem:
            raise StartError(f"cannot write {path}: {problem.strerror}") from problem
        with os.fdopen(handle, "wb") as file:
            file.write(new_secret())
            file.flush()
            os.fsync(file.fileno())
        return self._read_secret(path)

    @staticmethod
    def _read_secret(path: Path) -> bytes:
        secret = path.read_bytes()
        if len(secret) != 32:
            raise StartError(
                f"{path} holds {len(secret)} bytes instead of 32",
                do="bring it back from your backup: without it known people are not recognised",
            )
        return secret
