/** The bodies of messages, for both NestJS gateways. */
export interface Message {
  id: number;
  user: string;
  text: string;
}

export interface RoomMessage {
  room: string;
  id: number;
  text: string;
}

export interface JoinRoom {
  roomId: string;
  userName: string;
}

export interface SendMessage {
  roomId: string;
  userName: string;
  message: string;
}
