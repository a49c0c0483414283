// SPDX-License-Identifier: Apache-2.0
//
// The processor's bus, driven from outside.
#pragma once

#include "../card/device.h"
#include "mgmt_devices.h"

class Bus
{
  public:
    explicit Bus(Host &host);
    bool running(); // the processor is not held in reset
    bool irq();
    void store(uint32_t address, uint32_t value, unsigned be = 15);
    uint32_t load(uint32_t address, unsigned be = 15);
    bool fault = false; // of the last access
    unsigned took = 0;  // clocks of it

    void put(uint32_t offset, const void *data, size_t bytes);              // into the buffer, whole words
    Bytes get(uint32_t offset, size_t bytes);                               // from its open half
    uint32_t command(uint32_t reg, uint32_t what, unsigned limit = 100000); // until it is over: its outcome
    Host &host;

  private:
    void access(uint32_t address, bool we, uint32_t value, unsigned be);
};
