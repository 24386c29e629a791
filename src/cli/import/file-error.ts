/** What the file system says of a file or a folder: it is not there, it may not be read, its name cannot be spelt. */
export const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && 'syscall' in error;
