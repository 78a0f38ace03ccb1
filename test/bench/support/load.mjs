import { Agent, request } from 'node:http';

/** Sends `count` requests over `connections` kept connections; every answer must be 200 and of the expected length. */
export async function load(url, { count, connections, headers = {}, bytes }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let sent = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      const call = request(url, { agent, headers }, (answer) => {
        let length = 0;
        answer.on('data', (chunk) => (length += chunk.length));
        answer.on('end', () => {
          if (answer.statusCode !== 200) return reject(new Error(`${url} answered ${answer.statusCode}`));
          if (bytes !== undefined && length < bytes) return reject(new Error(`${url} answered ${length} bytes`));
          resolve();
        });
      });
      call.on('error', reject);
      call.end();
    });
  const lane = async () => {
    while (sent < count) {
      sent += 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
}
