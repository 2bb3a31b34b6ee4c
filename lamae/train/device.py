"""Where a run trains: one device, or one for each process that torchrun starts."""

import atexit
import os
from pathlib import Path

import torch
from lightning.fabric import Fabric


def make_fabric() -> Fabric:
    """The fastest device here, in bfloat16 where it multiplies matrices faster than float32.

    Under `torchrun --nproc-per-node N` there are N processes on each machine, which share every
    batch: one GPU each, or the CPU's cores where there is no GPU. Without torchrun there is one.
    """
    # Fabric takes ranks from torchrun but not the number of processes: on a CPU it assumes one,
    # and N processes would train N models that know nothing of each other.
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    cuda = torch.cuda.is_available()
    # Older GPUs take bfloat16, too, and are slower with it.
    fast = torch.cuda.is_bf16_supported(including_emulation=False) if cuda else cpu_has_bf16()
    if processes > 1 and not cuda:
        # Fabric leaves the group itself with NCCL only; Gloo's threads, left running, abort the
        # process at its very end.
        atexit.register(_leave_group)
    return Fabric(
        accelerator="cuda" if cuda else "cpu",
        # Some objectives leave parts of the model without gradients, which plain ddp refuses.
        strategy="ddp_find_unused_parameters_true" if processes > 1 else "auto",
        devices=here,
        num_nodes=processes // here,
        precision="bf16-mixed" if fast else "32-true",
    )


def _leave_group() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in hardware (AVX512-BF16 or AMX)."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.is_file() and "avx512_bf16" in cpuinfo.read_text()


def device_name(device: torch.device) -> str:
    """What trains, such as "NVIDIA H200" or "CPU, AMD EPYC 9B14"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return ", ".join(["CPU", *names[:1]])


def is_first() -> bool:
    """Whether this is the process that speaks and writes: the only one without torchrun."""
    return int(os.environ.get("RANK", "0")) == 0
