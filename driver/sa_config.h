/* SPDX-License-Identifier: Apache-2.0 */
/* What the parameters of an SA may be, the same for every engine (`sa_params` in rtl/README.md). */
#ifndef SLUICE_SA_CONFIG_H
#define SLUICE_SA_CONFIG_H

#include "sluice.h"

/*
 * Checks *config against its rules (-EINVAL) and against what the engine can do (-EOPNOTSUPP), and makes *out of it, with the
 * limit filled in and whatever means nothing set to zero, key bytes beyond the key's end too. The caller wipes *out.
 */
int sa_config_check(const struct sluice_sa_config *config, uint32_t features, struct sluice_sa_config *out);

#endif
