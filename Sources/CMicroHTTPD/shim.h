#pragma once
#include <microhttpd.h>
#include <stdint.h>
#include <sys/socket.h>

// MHD_start_daemon and MHD_get_daemon_info are variadic, which Swift cannot call; MHD_CONTENT_READER_END_OF_STREAM is a macro with a cast.

/// Starts one polling thread that serves the address, or returns NULL with errno as the failed call left it.
static inline struct MHD_Daemon *sheaf_mhd_start(
    const struct sockaddr *address, unsigned int connection_limit, unsigned int timeout_seconds,
    MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed, void *context) {
    unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_ALLOW_SUSPEND_RESUME;
    if (address->sa_family == AF_INET6) flags |= MHD_USE_DUAL_STACK;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context,
        MHD_OPTION_SOCK_ADDR, address,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (connection_limit + 1) / 2,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context,
        MHD_OPTION_END);
}

/// The port that the daemon listens on, 0 when it cannot tell.
static inline uint16_t sheaf_mhd_port(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static inline ssize_t sheaf_mhd_end_of_stream(void) { return MHD_CONTENT_READER_END_OF_STREAM; }
