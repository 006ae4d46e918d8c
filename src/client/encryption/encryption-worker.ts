import { makeVault } from './make-vault.ts'
import { serveVault } from './serve-vault.ts'

/*
 * The Worker that holds an account's keys. It is built as one file that imports nothing and never uses the network, so
 * that it can be served, and should be, with `Content-Security-Policy: default-src 'none'`: a Worker has its own policy,
 * and then even changed code in it could carry nothing away except through the page.
 */
serveVault(globalThis, makeVault())
