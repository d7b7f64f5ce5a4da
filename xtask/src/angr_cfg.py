"""What angr's CFGFast finds in one file: for `cargo xtask bench program --angr PYTHON`.

Prints one line of JSON: addresses of functions and of instructions as in the file, without those of other objects and
of imports, and the CPU seconds that the recovery took without loading Python's packages.
"""
import json
import logging
import sys
import time

logging.disable(logging.CRITICAL)

import angr  # noqa: E402

start = time.process_time()
project = angr.Project(sys.argv[1], auto_load_libs=False)
main = project.loader.main_object
cfg = project.analyses.CFGFast(normalize=True)
seconds = time.process_time() - start


def linked(address):
    """The address as the file has it, without the bit for Thumb code; None outside of it."""
    address &= ~1 if project.arch.name.startswith("ARM") else ~0
    return address - main.mapped_base + main.linked_base if main.contains_addr(address) else None


own = [f for f in project.kb.functions.values() if not (f.is_plt or f.is_simprocedure or f.is_alignment)]
functions = sorted({linked(f.addr) for f in own} - {None})
places = {linked(at) for node in cfg.model.nodes() for at in node.instruction_addrs}
print(json.dumps({"functions": functions, "instructions": sorted(places - {None}), "seconds": seconds}))
