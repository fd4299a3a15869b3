// node free-ports.js COUNT: that many ports of the loopback interface that nobody listens on.
import { createServer } from 'node:net';
import { once } from 'node:events';

const servers = Array.from({ length: Number(process.argv[2]) }, () => createServer().listen(0, '127.0.0.1'));
await Promise.all(servers.map((server) => once(server, 'listening')));
console.log(servers.map((server) => server.address().port).join(' '));
servers.forEach((server) => server.close());
