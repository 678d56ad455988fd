"""An RTSP camera by GStreamer: live H.264 over TCP, Digest authentication.

Arguments: user, password. Prints `url: rtsp://…` and serves until stdin ends.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PIPELINE = (
    "( videotestsrc is-live=true pattern=ball "
    "! video/x-raw,width=640,height=360,framerate=25/1,format=I420 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=1000 "
    "! rtph264pay name=pay0 pt=96 config-interval=0 )"
)


def main(user, password):
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")

    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    auth.add_digest(user, password, token)
    server.set_auth(auth)

    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE)
    factory.set_shared(True)
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/court", factory)

    if server.attach(None) == 0:
        sys.exit("the server cannot listen")
    print(f"url: rtsp://127.0.0.1:{server.get_bound_port()}/court", flush=True)

    loop = GLib.MainLoop()

    def follow_stdin():
        sys.stdin.read()
        GLib.idle_add(loop.quit)

    threading.Thread(target=follow_stdin, daemon=True).start()
    loop.run()


main(sys.argv[1], sys.argv[2])
