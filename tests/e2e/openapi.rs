//! The OpenAPI document is made from the code and checked in, because no function may know another. This test fails
//! when it is out of date; `CASA_WRITE_OPENAPI=1 cargo test -p casa-tests --test openapi` writes it anew.

use std::{env, fs, path::Path};

#[test]
fn the_document_is_what_the_code_says() {
    let parts: Vec<_> = casa::function_routes().into_iter().map(|routes| routes.into_openapi()).collect();
    assert_eq!(docs::clashes(&parts), Vec::<String>::new(), "functions must not use one name for two things");
    let document = docs::document(parts);
    let mut text = serde_json::to_string_pretty(&document).unwrap();
    text.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/docs/openapi.json");
    if env::var_os("CASA_WRITE_OPENAPI").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap();
    assert!(stored == text, "functions/docs/openapi.json is out of date: see the head of this test");
}
