// SPDX-License-Identifier: Apache-2.0
//
// Counts of coverage live in a model: whoever ends one calls this first. In a build for `make coverage` it leaves them in a file
// of the folder that COVERAGE_COUNTS names, one for each model.
#pragma once

#if VM_COVERAGE
#include <cstdlib>
#include <string>

#include "verilated.h"
#include "verilated_cov.h"

inline void keep_coverage()
{
    static unsigned models;
    VerilatedCovContext *counts = Verilated::threadContextp()->coveragep();

    if (const char *folder = std::getenv("COVERAGE_COUNTS"))
        counts->write((std::string(folder) + "/" + std::to_string(models++) + ".dat").c_str());
    counts->clear();
}
#else
inline void keep_coverage()
{
}
#endif
