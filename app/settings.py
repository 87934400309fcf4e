"""What the environment says. Built once in the composition root and passed down."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment variables `EXEUNT_*`."""

    model_config = SettingsConfigDict(env_prefix="EXEUNT_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///exeunt.db"
    config: Path = Path("exeunt.yaml")
    host: str = "127.0.0.1"
    port: int = Field(8800, ge=0, le=65535)
    node: str = "main"
    """Name of this process. Two processes on one database need two names."""
    tenant: str = Field("exeunt", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Name of the ledger: never changed, never used again for another."""
    log_level: str = "INFO"
    audit_key: Path | None = None
    """The key file of the log; None: beside the embedded database."""
