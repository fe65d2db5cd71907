//! A TCP connection that can swallow the answers to pings, which nothing above it can.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::hub::Hub;

/// First byte of a whole pong frame.
const PONG: u8 = 0x8a;

/// The connection.
#[derive(Debug)]
pub(crate) struct Carrier {
    pub(crate) stream: TcpStream,
    pub(crate) hub: Arc<Hub>,
}

impl AsyncRead for Carrier {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Frames are written one by one, and those of pongs are short: two bytes and what the ping carried.
        if let [PONG, length, ..] = bytes
            && self.hub.is_deaf()
        {
            return Poll::Ready(Ok(bytes.len().min(2 + usize::from(*length))));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
