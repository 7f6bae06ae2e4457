import { deflateRawSync, inflateRawSync } from "node:zlib";
import { BridleError } from "../../std/error.ts";
import type { Blob } from "../../journal/record.ts";
import { bytesOf, textOf, type Row } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** Shorter blobs are kept as they are: compressing them gains less than it costs. Bytes. */
const COMPRESS_FROM = 4 * 1024;

/** A blob ready to be stored: compressed outside the transaction. */
export interface PackedBlob {
  readonly digest: Uint8Array;
  readonly bytes: number;
  readonly encoding: "plain" | "deflate";
  readonly data: Uint8Array;
}

export function packBlob(blob: Blob): PackedBlob {
  const plain = Buffer.from(blob.text);
  const digest = Buffer.from(blob.sha256, "hex");
  if (plain.length >= COMPRESS_FROM) {
    const data = deflateRawSync(plain, { level: 3 });
    if (data.length < plain.length) {
      return { digest, bytes: plain.length, encoding: "deflate", data };
    }
  }
  return { digest, bytes: plain.length, encoding: "plain", data: plain };
}

/** Stores a blob once: content with the same digest is already there. */
export function writeBlob(statements: Statements, blob: PackedBlob): void {
  statements.insertBlob.run(blob.digest, blob.bytes, blob.encoding, blob.data);
}

export function readBlobText(statements: Statements, sha256: string): string | undefined {
  const row: Row | undefined = statements.readBlob.get(Buffer.from(sha256, "hex"));
  if (row === undefined) return undefined;
  const data = bytesOf(row, "data");
  switch (textOf(row, "encoding")) {
    case "plain":
      return Buffer.from(data).toString("utf8");
    case "deflate":
      return inflate(data, sha256);
    default:
      throw new BridleError("store_corrupt", `Blob ${sha256} has an unknown encoding`, {
        hint: "It was written by a newer Bridle: upgrade, then open it again.",
      });
  }
}

function inflate(data: Uint8Array, sha256: string): string {
  try {
    return inflateRawSync(data).toString("utf8");
  } catch (cause) {
    throw new BridleError("store_corrupt", `Blob ${sha256} cannot be decompressed`, {
      hint: "Check the database with `bridle doctor`, then restore a backup.",
      cause,
    });
  }
}
