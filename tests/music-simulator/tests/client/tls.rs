//! Encrypted connections, to servers with a certificate of the house's own authority.

use std::{path::PathBuf, sync::Arc};

use casa_gateways::music_assistant::{ConnectError, Settings, SettingsError, connect};
use casa_music_simulator::{Options, Simulator};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{PATIENCE, simulator};

/// An authority's certificate as PEM, and what a server for `localhost` needs of it.
fn authority() -> (String, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &issuer).unwrap();
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![server.der().clone()], secret).unwrap();
    (pem, config)
}

/// Encrypts what lies in front of a simulator; the port.
async fn encrypted(simulator: &Simulator, config: ServerConfig) -> u16 {
    let inner = simulator.url().replace("http://", "");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, inner) = (acceptor.clone(), inner.clone());
            tokio::spawn(async move {
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let mut inner = TcpStream::connect(inner).await.unwrap();
                let _ = copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    port
}

/// A file of the test's own.
fn file(name: &str, content: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("casa-music-{}-{name}.pem", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn only_the_named_authority_is_trusted() {
    let simulator = simulator(Options::schema(28)).await;
    let (pem, config) = authority();
    let port = encrypted(&simulator, config).await;
    let mut settings = Settings::new(&format!("https://localhost:{port}")).unwrap().with_token("token");
    let (other, _) = authority();
    for ca in [None, Some(file("other", &other))] {
        settings.ca = ca;
        let refused = connect(&settings).await;
        assert!(matches!(refused, Err(ConnectError::Unreachable(_))), "{refused:?}");
    }
    for (name, content) in
        [("empty", ""), ("broken", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n")]
    {
        settings.ca = Some(file(name, content));
        let refused = connect(&settings).await;
        assert!(matches!(refused, Err(ConnectError::Settings(SettingsError::Ca))), "{name}: {refused:?}");
    }
    assert!(simulator.received().is_empty(), "no token goes to a stranger");
    settings.ca = Some(file("own", &pem));
    let (connection, _events) = connect(&settings).await.unwrap();
    assert_eq!(connection.players(PATIENCE).await.unwrap().len(), 2);

    let mut by_number = Settings::new(&format!("wss://127.0.0.1:{port}")).unwrap().with_token("token");
    by_number.ca = settings.ca;
    let refused = connect(&by_number).await;
    assert!(
        matches!(refused, Err(ConnectError::Unreachable(_))),
        "a certificate is for its name: {refused:?}"
    );
    for name in ["other", "empty", "broken", "own"] {
        std::fs::remove_file(file(name, "")).unwrap();
    }
}
