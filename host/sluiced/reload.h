/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: reads the configuration again. What is wrong leaves everything as it was. Main thread. */
#ifndef SLUICED_RELOAD_H
#define SLUICED_RELOAD_H

#include "sluiced/proxy.h"

/* Reads file and policy. -errno with error->text set. */
int reload_policy(const char *path, struct policy **policy, struct config_error *error);
/* Opens the access log, again if it is open: it may have been renamed. -errno, and the former one stays. */
int reload_access_log(struct proxy *proxy);
/* Gives the workers a new policy, if there is nothing wrong with it; logs what came of it. */
void reload(struct proxy *proxy, const char *path);

#endif
