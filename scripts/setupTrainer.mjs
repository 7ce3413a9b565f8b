// Installs trainer/ into trainer/.venv: `npm run setup:trainer [-- --cpu | --cuda | --check]`. Skipped when up to date.
// Without a GPU PyTorch is installed without the CUDA libraries (see trainer/README.md); --cuda and --cpu decide it by hand.
// JavaScript, because it runs on the machine's own Node before the pinned one is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const trainer = join(root, 'trainer');
const venv = join(trainer, '.venv');
const inVenv = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const wheels = join(trainer, '.cache', 'wheels');
const stamp = join(venv, 'annsmith-setup.txt');
const ofPackages =
  'Check the network and the disk (the trainer needs 3 GB, with --cuda 10 GB), then repeat: what was fetched is kept.';
const leastPython = [3, 11];

/** @returns {never} */
function fail(message, fix) {
  process.stderr.write(`setup:trainer: ${message}\n${fix}\n`);
  process.exit(1);
}

/** Runs one step with its output on stderr; ends the set-up if it fails. */
function step(title, command, args, fix) {
  process.stderr.write(`setup:trainer: ${title}\n`);
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    fail(`failed: ${title}${result.error ? ` (${result.error.message})` : ''}; its output is above`, fix);
  }
}

/** The Python to make the environment with: PYTHON, else python3. */
function findPython() {
  const named = process.env['PYTHON'];
  const code =
    'import sys, importlib.util as u; print(*sys.version_info[:3], bool(u.find_spec("ensurepip") and u.find_spec("venv")))';
  for (const command of named ? [named] : ['python3', 'python']) {
    const result = spawnSync(command, ['-c', code], { encoding: 'utf8' });
    if (result.status !== 0) continue;
    const [major, minor, patch, hasVenv] = result.stdout.trim().split(' ');
    const version = `${major}.${minor}.${patch}`;
    if (
      Number(major) < leastPython[0] ||
      (Number(major) === leastPython[0] && Number(minor) < leastPython[1])
    ) {
      fail(
        `${command} is Python ${version}; the trainer needs ${leastPython.join('.')} or later`,
        'Install a newer Python, or name one: PYTHON=/path/to/python3 npm run setup:trainer',
      );
    }
    if (hasVenv !== 'True') {
      fail(
        `${command} (Python ${version}) cannot make virtual environments`,
        'Install its venv module (on Debian: apt-get install python3-venv), or name another Python in PYTHON.',
      );
    }
    return { command, version };
  }
  fail(
    named ? `PYTHON=${named} does not run` : 'there is no python3',
    'Install Python 3.11 or later with its venv module (on Debian: apt-get install python3-venv).',
  );
}

/** Whether PyTorch gets its CUDA libraries. */
function wantsCuda() {
  if (process.argv.includes('--cuda')) return true;
  if (process.argv.includes('--cpu') || process.platform !== 'linux') return false;
  // What is installed already stays of its kind when only the packages change.
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8').startsWith('cuda ');
  return existsSync('/proc/driver/nvidia/version');
}

/** What the installed environment depends on. */
function wanted(cuda) {
  const hash = createHash('sha256');
  for (const name of ['requirements.lock', 'requirements-cuda.lock', 'cpu_libraries.py']) {
    hash.update(readFileSync(join(trainer, name)));
  }
  return `${cuda ? 'cuda' : 'cpu'} ${hash.digest('hex')}\n`;
}

/** Installs a lock file from the wheels that an earlier set-up fetched, after fetching what is missing. */
function install(title, lock) {
  const list = ['--no-deps', '--disable-pip-version-check', '-q', '-r', join(trainer, lock)];
  const kept = ['-m', 'pip', 'install', '--no-index', '--find-links', wheels, ...list];
  if (spawnSync(inVenv, kept, { stdio: 'ignore' }).status === 0) return;
  step(title, inVenv, ['-m', 'pip', 'download', '-d', wheels, '--progress-bar', 'off', ...list], ofPackages);
  step('unpacking', inVenv, kept, ofPackages);
}

const cuda = wantsCuda();
const target = wanted(cuda);
// Written last, so that a set-up that was cut off is done again; pip goes on from what it has.
if (existsSync(stamp) && existsSync(inVenv) && readFileSync(stamp, 'utf8') === target) process.exit(0);
if (process.argv.includes('--check')) {
  fail('the trainer is not installed, or not up to date', 'Run `npm run setup:trainer`.');
}
const python = findPython();
if (existsSync(stamp) || !existsSync(inVenv)) rmSync(venv, { recursive: true, force: true });
if (!existsSync(inVenv)) {
  step(
    `making a virtual environment with Python ${python.version}`,
    python.command,
    ['-m', 'venv', venv],
    'Install the venv module of that Python (on Debian: apt-get install python3-venv).',
  );
}
install('fetching PyTorch, transformers, PEFT and TRL (some minutes)', 'requirements.lock');
if (cuda) install('fetching the CUDA libraries (some minutes)', 'requirements-cuda.lock');
if (process.platform === 'linux') {
  const site = spawnSync(inVenv, ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'], {
    encoding: 'utf8',
  });
  step(
    cuda ? 'using the CUDA libraries' : 'standing in for the CUDA libraries that PyTorch links against',
    inVenv,
    [join(trainer, 'cpu_libraries.py'), site.stdout.trim(), ...(cuda ? ['--remove'] : [])],
    'Install a C compiler (on Debian: apt-get install gcc), or run with --cuda for the real libraries.',
  );
}
step(
  'trying it',
  inVenv,
  [
    '-c',
    'import torch, transformers, peft; from trl import GRPOTrainer; print("PyTorch", torch.__version__, "on", "a GPU" if torch.cuda.is_available() else "the CPU")',
  ],
  'Delete trainer/.venv and repeat; where it fails again, run with --cuda for the real libraries.',
);
writeFileSync(stamp, target);
process.stderr.write('setup:trainer: done\n');
