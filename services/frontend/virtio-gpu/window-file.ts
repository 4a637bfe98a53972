// The memory of the window: the one file that the blobs of a VM lie in, which the broker hands over.
//
// Which file that is: the broker's session says. A successor has its predecessor's descriptor, and the VMM mappings of that, but the broker may
// have given the VM another window since (it was reclaimed, or the broker began from nothing). So nothing is answered before the session's
// window was fetched and compared (inode, size, seals) with the one that is here.
import { afterReading } from '../../lib/os/after-reading.ts';
import { Fd } from '../../lib/os/fd.ts';
import { FIXED_SIZE_SEALS, getSeals } from '../../lib/os/memory.ts';
import type { Log } from '../../lib/vhost-user/device.ts';
import { type FileIdentity, fileIdentity } from '../../lib/vhost-user/guest-memory.ts';

export type WindowContext = {
  /** Bytes; a power of two. */
  readonly windowSize: number;
  /** How long a map waits for the broker to hand the window over, milliseconds. */
  readonly answerTimeout: number;
  /** The window's memory is another one from now on: a successor has to find it. The descriptor stays the caller's. May throw. */
  keepWindow(fd: Fd): void;
};

export type WindowMemory = { readonly fd: Fd; readonly file: FileIdentity; readonly seals: number | null };

/** The wait for the window that counts: over when its memory is here and known to be the broker's, or when there will be none. */
export type Arrival = {
  readonly memory: Promise<WindowMemory>;
  readonly state: 'awaited' | 'here' | 'failed';
};

type OpenArrival = Arrival & {
  state: 'awaited' | 'here' | 'failed';
  resolve(memory: WindowMemory): void;
  reject(error: unknown): void;
};

export class WindowFile {
  readonly #context: WindowContext;
  readonly #log: Log;
  #arrival = newArrival();
  /** What was given last: what comes of any other is closed. */
  #coming: Promise<Fd> | null = null;
  /** While another is awaited, what it was until now. */
  #memory: WindowMemory | null = null;
  /** Files that were the window before: the VMM may show them still. */
  #former: FileIdentity[] = [];
  #isClosed = false;

  /**
   * Takes the descriptor over, once it is there. One that is there already is a predecessor's unless `isSure`: then nothing is answered before
   * setWindow() has told whether it is the broker's still.
   */
  constructor(window: Fd | Promise<Fd>, context: WindowContext, log: Log, isSure: boolean) {
    this.#context = context;
    this.#log = log;
    if (!(window instanceof Fd)) {
      this.setWindow(window);
      return;
    }
    this.#memory = memoryOf(window);
    if (isSure) this.#arrived(this.#memory);
  }

  /** The window is the one that the broker's session has. */
  get isCompared(): boolean {
    return this.#arrival.state === 'here';
  }

  /** What is here, compared or not; null while nothing is. */
  get memory(): WindowMemory | null {
    return this.#memory;
  }

  /** The wait that counts at the moment: another takes its place when another window is given. */
  get arrival(): Arrival {
    return this.#arrival;
  }

  /**
   * The window that the broker's session has. Who needs it waits for it meanwhile, and for the one that is given next if this stays pending;
   * when it rejects, or is no window, they fail. Takes the descriptor over.
   */
  setWindow(window: Promise<Fd>): void {
    this.#coming = window;
    if (this.#arrival.state !== 'awaited') this.#arrival = newArrival();
    window.then(
      (fd) => {
        if (this.#isClosed || this.#coming !== window) fd.close();
        else this.#take(fd);
      },
      (error: unknown) => {
        if (this.#coming === window) this.#failed(error);
      },
    );
  }

  /** Waits for its memory; the guest waits uninterruptibly, so it waits only for so long. Rejects when there will be none in time. */
  async inTime({ memory }: Arrival = this.#arrival): Promise<WindowMemory> {
    const { answerTimeout } = this.#context;
    return await new Promise((resolve, reject) => {
      const limit = afterReading(answerTimeout, () =>
        reject(new Error(`the broker did not hand the window's memory over within ${answerTimeout} ms`)),
      ).unref();
      memory.then(resolve, reject).finally(() => limit.cancel());
    });
  }

  /** It is the window, or was before. */
  isOwn(file: FileIdentity): boolean {
    return isSame(file, this.#memory?.file) || this.#former.some((former) => isSame(file, former));
  }

  /** There is no VMM any more that could show what was the window before. */
  forgetFormer(): void {
    this.#former = [];
  }

  close(): void {
    this.#isClosed = true;
    this.#memory?.fd.close();
    this.#memory = null;
  }

  /** Compares what came with what is here. */
  #take(fd: Fd): void {
    const before = this.#memory;
    try {
      const memory = memoryOf(fd);
      if (before && isSameMemory(memory, before)) {
        fd.close();
        this.#arrived(before);
        return;
      }
      this.#check(memory);
      this.#context.keepWindow(fd);
      this.#memory = memory;
      if (before) this.#replaced(before);
      this.#arrived(memory);
    } catch (error) {
      fd.close();
      this.#failed(error);
    }
  }

  #replaced({ fd, file }: WindowMemory): void {
    this.#former.push(file);
    fd.close();
    this.#log.info({}, 'the broker has another window for this VM now; it takes the place of the one before');
  }

  /** Throws Error when the guest could see memory in it that is not the window's. */
  #check({ file, seals }: WindowMemory): void {
    const { windowSize } = this.#context;
    if (file.size >= windowSize && seals === FIXED_SIZE_SEALS) return;
    throw new Error(
      `the broker gave ${file.size} bytes with seals ${seals ?? 'of no memfd'} for a window of ${windowSize} bytes with seals ${FIXED_SIZE_SEALS}`,
    );
  }

  #arrived(memory: WindowMemory): void {
    this.#arrival.state = 'here';
    this.#arrival.resolve(memory);
  }

  #failed(error: unknown): void {
    this.#arrival.state = 'failed';
    this.#arrival.reject(error);
  }
}

function newArrival(): OpenArrival {
  let resolve: OpenArrival['resolve'] = () => {};
  let reject: OpenArrival['reject'] = () => {};
  const memory = new Promise<WindowMemory>((onHere, onFailed) => {
    resolve = onHere;
    reject = onFailed;
  });
  // Whoever needs it finds the error; until then it is no unhandled one.
  memory.catch(() => {});
  return { memory, state: 'awaited', resolve, reject };
}

function memoryOf(fd: Fd): WindowMemory {
  return { fd, file: fileIdentity(fd.number), seals: getSeals(fd.number) };
}

export function isSame(file: FileIdentity, other: FileIdentity | null | undefined): boolean {
  return other !== null && other !== undefined && file.dev === other.dev && file.ino === other.ino;
}

/** More than the inode: a number that was given to another file since would be taken for the window. */
function isSameMemory(one: WindowMemory, other: WindowMemory): boolean {
  return isSame(one.file, other.file) && one.file.size === other.file.size && one.seals === other.seals;
}
