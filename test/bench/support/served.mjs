import { fork } from 'node:child_process';

/** A server in a process of its own, so that its CPU can be read apart from the load's. */
export class Served {
  constructor(script, mode, env) {
    this.child = fork(script, ['--serve', mode], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  async ready() {
    const { url } = await this.ask('url');
    this.url = url;
    return this;
  }

  /** CPU microseconds of the server process so far, user and system together. */
  async cpuMicros() {
    return (await this.ask('cpu')).micros;
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the server ended with ${code}`));
      this.child.once('exit', ended);
      this.child.once('message', (answer) => {
        this.child.off('exit', ended);
        resolve(answer);
      });
      this.child.send(question);
    });
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}

/** The server's side: answers where it listens and what it has used. */
export function answerParent(url) {
  process.on('message', (question) => {
    if (question === 'url') return process.send({ url });
    const { user, system } = process.cpuUsage();
    process.send({ micros: user + system });
  });
}
