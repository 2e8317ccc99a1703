import { spawnSync } from 'node:child_process';
import { chmod, mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnProcess, type ManagedProcess } from '#local';

export interface DiskOwner {
  readonly uid: number;
  readonly gid: number;
}

const isRoot = process.getuid?.() === 0;
/** Whoever is not root is root in a namespace of users of its own. */
const NAMESPACES = isRoot ? ['--mount'] : ['--mount', '--map-root-user'];
const BLOCK = Buffer.alloc(64 * 1024);

/** Whether this machine lets us have a file system of our own (`unshare`, `mount`, tmpfs); else drills show as skipped. */
export const hasSmallDisks =
  process.platform === 'linux' &&
  spawnSync('unshare', [...NAMESPACES, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/**
 * A file system of a few MiB. It is mounted in a namespace of mounts that belongs to one idle process, through whose
 * `/proc` entry everybody else reaches it: the machine's own mounts are not touched, and it is gone with that process.
 */
export class SmallDisk {
  private constructor(
    private readonly holder: ManagedProcess,
    /** Of the file system's root, as every process reaches it. */
    readonly path: string,
    private readonly ballast: string,
  ) {}

  static async mount(directory: string, mebibytes: number, owner?: DiskOwner): Promise<SmallDisk> {
    const at = join(directory, 'small-disk');
    await mkdir(at);
    const of = owner === undefined ? '' : `,uid=${owner.uid},gid=${owner.gid}`;
    // An owner who is not root may enter the namespace of a process of its own only.
    const as = owner === undefined ? '' : `setpriv --reuid=${owner.uid} --regid=${owner.gid} --clear-groups `;
    const script = `mount -t tmpfs -o size=${mebibytes}m,mode=755${of} tmpfs '${at}' && echo mounted && exec ${as}sleep infinity`;
    const holder = await spawnProcess({
      command: 'unshare',
      args: [...NAMESPACES, 'sh', '-c', script],
      logFile: join(directory, 'small-disk.log'),
    });
    await holder.waitForOutput('mounted', 10_000);
    const path = `/proc/${holder.pid}/root${at}`;
    return new SmallDisk(holder, path, join(path, 'ballast'));
  }

  /** Writes until there is no room for one more byte. */
  async fill(): Promise<void> {
    const file = await open(this.ballast, 'a');
    try {
      for (let bytes = BLOCK.length; bytes > 0;) {
        const isWritten = await file.write(BLOCK, 0, bytes).then(
          ({ bytesWritten }) => bytesWritten === bytes,
          () => false,
        );
        if (!isWritten) bytes = Math.floor(bytes / 2);
      }
    } finally {
      await file.close();
    }
  }

  /** The ballast is gone: there is room again. */
  free(): Promise<void> {
    return rm(this.ballast, { force: true });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  async unmount(): Promise<void> {
    await this.holder.stop();
  }
}

/** Folders that another user has to get through. */
export async function openFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}
