// What the kernels of a block's end share: the header that the host uploads, and how they report faults.
#pragma once

constexpr int IGNORES_STATES = 1, HAS_CRITIC = 2;

// Written by CudaBlockEnd.cs, field by field in this order.
struct BlockEndHeader {
  int candidates;   // in use, of the capacity
  int live;         // that the critic predicts
  int keep;         // K
  int flags;        // IGNORES_STATES | HAS_CRITIC
  float discount;   // γ
  float threshold;  // what f¹ must exceed
  float penalty;    // n
  int reserved;
};

// status: int[4], the lowest beam at fault per kind, or NO_FAULT.
constexpr int NO_FAULT = 0x7fffffff;
constexpr int FAULT_CHARGE = 0, FAULT_LOGITS = 1, FAULT_PREDICTION = 2, FAULT_REWARD = 3;

__device__ __forceinline__ void report_fault(int* status, int kind, int beam) { atomicMin(status + kind, beam); }
