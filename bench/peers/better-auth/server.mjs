// Two workers behind one port: PORT, DATABASE_URL and BETTER_AUTH_SECRET come from the environment.
import cluster from 'node:cluster';
import { createServer } from 'node:http';

if (cluster.isPrimary) {
  for (let worker = 0; worker < 2; worker++) cluster.fork();
  cluster.on('exit', () => process.exit(1));
} else {
  const { auth } = await import('./auth.mjs');
  const { toNodeHandler } = await import('better-auth/node');
  createServer({ keepAliveTimeout: 0 }, toNodeHandler(auth)).listen(process.env.PORT, '127.0.0.1');
}
