"""Programs that the tests run, each installed in one of two ways where the machine does not have it."""

from local.programs.debian import DebianPackages, UnpackedDebianPackage
from local.programs.go import GoModule, GoProgram

__all__ = ["DebianPackages", "GoModule", "GoProgram", "UnpackedDebianPackage"]
