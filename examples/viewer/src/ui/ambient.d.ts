/* SPDX-License-Identifier: Apache-2.0 */
/* Constants that the build puts in the place of these names. */
declare const VIEWER_VERSION: string;
declare const WORKER_TEXT: string;
