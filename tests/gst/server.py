"""An RTSP camera by GStreamer.

Argument: JSON with `launch` (the pipeline, payloaders `pay0`, `pay1`, …), `udp` and `shared` (true
or false), and where they are wanted `auth` (`basic` or `digest`, with `user` and `password`) and
`pem` (certificate and key). Prints `url: rtsp://…` and serves until stdin ends.
"""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"


def auth_of(wanted):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
    user, password = wanted.get("user"), wanted.get("password")
    if wanted.get("auth") == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    elif wanted.get("auth") == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_default_token(token)
    if wanted.get("pem"):
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_pem(wanted["pem"], -1))
    return auth


def factory_of(wanted):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(wanted["launch"])
    factory.set_shared(wanted["shared"])
    ways = GstRtsp.RTSPLowerTrans
    factory.set_protocols(ways.UDP if wanted["udp"] else ways.TCP)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(ROLE, "media.factory.access", True)
    permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
    factory.set_permissions(permissions)
    return factory


def main(wanted):
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.set_auth(auth_of(wanted))
    server.get_mount_points().add_factory("/court", factory_of(wanted))
    if server.attach(None) == 0:
        sys.exit("the server cannot listen")
    scheme = "rtsps" if wanted.get("pem") else "rtsp"
    print(f"url: {scheme}://127.0.0.1:{server.get_bound_port()}/court", flush=True)

    loop = GLib.MainLoop()

    def follow_stdin():
        sys.stdin.read()
        GLib.idle_add(loop.quit)

    threading.Thread(target=follow_stdin, daemon=True).start()
    loop.run()


main(json.loads(sys.argv[1]))
