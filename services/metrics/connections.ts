// Bounds the connections of the HTTP server: whoever opens them and leaves them open does not use up this process' descriptors, and whoever
// comes next is served all the same.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Scrapers keep one each, probes come and go. */
const MOST_CONNECTIONS = 16;

/**
 * From here on a connection too many costs the one that has been silent the longest; where none is, the oldest. `most` is what stays open.
 * The server closes what is left at its end.
 */
export function boundConnections(server: Server, most = MOST_CONNECTIONS): void {
  /** In the order of their last request, or of their coming. */
  const idle = new Set<Socket>();
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    idle.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      idle.delete(socket);
    });
    if (open.size <= most) return;
    const [surplus] = idle.size > 1 ? idle : open;
    // Its descriptor is free when this returns; "close" comes later.
    open.delete(surplus!);
    idle.delete(surplus!);
    surplus!.destroy();
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (open.has(socket)) idle.add(socket);
    });
  });
}
