// Every command of the specification and the file that decides it.
import type { CommandName } from '../../lib/wire/virtio-gpu.ts';
import type { Handler } from './command.ts';
import { ctxAttachResource } from './ctx-attach-resource.ts';
import { ctxCreate } from './ctx-create.ts';
import { ctxDestroy } from './ctx-destroy.ts';
import { ctxDetachResource } from './ctx-detach-resource.ts';
import { getCapset } from './get-capset.ts';
import { getCapsetInfo } from './get-capset-info.ts';
import { getDisplayInfo } from './get-display-info.ts';
import { getEdid } from './get-edid.ts';
import { moveCursor } from './move-cursor.ts';
import { resourceAssignUuid } from './resource-assign-uuid.ts';
import { resourceAttachBacking } from './resource-attach-backing.ts';
import { resourceCreate2d } from './resource-create-2d.ts';
import { resourceCreate3d } from './resource-create-3d.ts';
import { resourceCreateBlob } from './resource-create-blob.ts';
import { resourceDetachBacking } from './resource-detach-backing.ts';
import { resourceFlush } from './resource-flush.ts';
import { resourceMapBlob } from './resource-map-blob.ts';
import { resourceUnmapBlob } from './resource-unmap-blob.ts';
import { resourceUnref } from './resource-unref.ts';
import { setScanout } from './set-scanout.ts';
import { setScanoutBlob } from './set-scanout-blob.ts';
import { submit3d } from './submit-3d.ts';
import { transferFromHost3d } from './transfer-from-host-3d.ts';
import { transferToHost2d } from './transfer-to-host-2d.ts';
import { transferToHost3d } from './transfer-to-host-3d.ts';
import { updateCursor } from './update-cursor.ts';

export const CONTROL_COMMANDS: Readonly<Record<CommandName, Handler>> = {
  GET_DISPLAY_INFO: getDisplayInfo,
  RESOURCE_CREATE_2D: resourceCreate2d,
  RESOURCE_UNREF: resourceUnref,
  SET_SCANOUT: setScanout,
  RESOURCE_FLUSH: resourceFlush,
  TRANSFER_TO_HOST_2D: transferToHost2d,
  RESOURCE_ATTACH_BACKING: resourceAttachBacking,
  RESOURCE_DETACH_BACKING: resourceDetachBacking,
  GET_CAPSET_INFO: getCapsetInfo,
  GET_CAPSET: getCapset,
  GET_EDID: getEdid,
  RESOURCE_ASSIGN_UUID: resourceAssignUuid,
  RESOURCE_CREATE_BLOB: resourceCreateBlob,
  SET_SCANOUT_BLOB: setScanoutBlob,
  CTX_CREATE: ctxCreate,
  CTX_DESTROY: ctxDestroy,
  CTX_ATTACH_RESOURCE: ctxAttachResource,
  CTX_DETACH_RESOURCE: ctxDetachResource,
  RESOURCE_CREATE_3D: resourceCreate3d,
  TRANSFER_TO_HOST_3D: transferToHost3d,
  TRANSFER_FROM_HOST_3D: transferFromHost3d,
  SUBMIT_3D: submit3d,
  RESOURCE_MAP_BLOB: resourceMapBlob,
  RESOURCE_UNMAP_BLOB: resourceUnmapBlob,
  UPDATE_CURSOR: updateCursor,
  MOVE_CURSOR: moveCursor,
};

/** Section 5.7.2: the cursor queue is for "fast cursor updates" only. Whatever else is sent there is refused: the order between two queues
 * is nobody's promise. */
export const CURSOR_COMMANDS: Readonly<Partial<Record<CommandName, Handler>>> = {
  UPDATE_CURSOR: updateCursor,
  MOVE_CURSOR: moveCursor,
};
