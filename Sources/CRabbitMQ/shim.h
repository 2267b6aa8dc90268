#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <sys/eventfd.h>  // missing in Swift's Glibc module

// Swift cannot call variadic functions.

static inline amqp_rpc_reply_t sheaf_amqp_login_plain(amqp_connection_state_t connection, const char *vhost,
                                                      int frame_max, int heartbeat, const amqp_table_t *properties,
                                                      const char *user, const char *password) {
    return amqp_login_with_properties(connection, vhost, 1, frame_max, heartbeat, properties, AMQP_SASL_METHOD_PLAIN,
                                      user, password);
}

static inline amqp_rpc_reply_t sheaf_amqp_login_external(amqp_connection_state_t connection, const char *vhost,
                                                         int frame_max, int heartbeat, const amqp_table_t *properties,
                                                         const char *identity) {
    return amqp_login_with_properties(connection, vhost, 1, frame_max, heartbeat, properties,
                                      AMQP_SASL_METHOD_EXTERNAL, identity);
}
